import { TowerError } from "../errors.ts";
import type { Reporter } from "../report/event.ts";
import { type Card, compare, flash, type FlashOptions, zero } from "./flash.ts";
import type { ImagePieces } from "./image_pieces.ts";

/** A medium, and whether all of it is to be zeroed first. */
export interface BlankedCard extends Card {
  readonly isZeroed: boolean;
}

/**
 * Writes an image to all cards side by side, and reads it back. A card's own fault stays with it.
 * @throws {TowerError} what is wrong with the image, for all of them.
 */
export async function writeImage(
  image: ImagePieces,
  cards: readonly BlankedCard[],
  { signal, reporter }: { readonly signal: AbortSignal; readonly reporter: Reporter },
): Promise<void> {
  const step = async (
    id: string,
    title: string,
    work: (cards: readonly Card[], options: FlashOptions) => Promise<void>,
    which: (card: BlankedCard) => boolean = () => true,
  ) => {
    const good = cards.filter((card) => card.failure === undefined && which(card));
    if (good.length === 0) return;
    reporter.report({ type: "step", id, title, unit: "bytes" });
    const onProgress = (done: number, total: number) =>
      reporter.report({ type: "progress", id, done, total });
    await work(good, { signal, onProgress });
    reporter.report({ type: "done", id });
  };
  await step("zero", "zero the device", zero, ({ isZeroed }) => isZeroed);
  await step("write", "write the image", (good, options) => flash(image, good, options));
  await step("compare", "read it back", (good, options) => compare(image, good, options));
}

/** What is wrong with an image that a device has a part of already. @param device In words. */
export function spoiled(device: string, cause: unknown): TowerError {
  const code = cause instanceof TowerError ? cause.code : "io";
  return new TowerError(code, `Cannot use ${device}: what was written is not whole`, {
    cause,
    hint: "Start nothing from it: write it again with an image that does not change",
  });
}
