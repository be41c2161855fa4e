import type { CheckedImage } from "../../disk/checked_image.ts";
import {
  type CardWork,
  compareCards,
  fillCards,
  spoiled,
  zeroCards,
} from "../../disk/write_image.ts";
import type { Making } from "../making.ts";
import { type Handler, oneByOne } from "./handler.ts";

export const openMedium = oneByOne(async (making, { owned, open }) => {
  making.medium = owned.use(await open(making.plan));
});

export const zeroMedia = ofEachImage((_, makings, work) => zeroCards(makings, work));
export const writeImages = ofEachImage(fillCards);
export const compareImages = ofEachImage(compareCards);

/** An image is read once for all of its hosts; its own fault is theirs. */
function ofEachImage(
  part: (image: CheckedImage, makings: readonly Making[], work: CardWork) => Promise<void>,
): Handler {
  return async (all, { env: { signal }, reporter }) => {
    for (const [image, makings] of Map.groupBy(all, ({ plan }) => plan.image)) {
      try {
        await part(image, makings, { signal, reporter });
      } catch (error) {
        signal.throwIfAborted();
        for (const making of makings) {
          const { request, target } = making.plan;
          making.failure ??= request.target.kind === "file"
            ? error
            : spoiled(target.description, error);
        }
      }
    }
  };
}
