import { TowerError } from "../errors.ts";
import type { Reporter } from "../report/event.ts";
import { type Card, compare, flash, type FlashOptions, zero } from "./flash.ts";
import type { ImagePieces } from "./image_pieces.ts";

/** How the work on cards is ended and told. */
export interface CardWork {
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

/** Overwrites cards with zeros, before an image is written to them. */
export function zeroCards(cards: readonly Card[], work: CardWork): Promise<void> {
  return told("zero", "zero the device", cards, work, zero);
}

/**
 * Writes an image to all cards side by side. A card's own fault stays with it.
 * @throws {TowerError} what is wrong with the image, for all of them.
 */
export function fillCards(
  image: ImagePieces,
  cards: readonly Card[],
  work: CardWork,
): Promise<void> {
  const write = (good: readonly Card[], options: FlashOptions) => flash(image, good, options);
  return told("write", "write the image", cards, work, write);
}

/** Reads the cards back, and compares them with the image. @throws as {@linkcode fillCards} */
export function compareCards(
  image: ImagePieces,
  cards: readonly Card[],
  work: CardWork,
): Promise<void> {
  const read = (good: readonly Card[], options: FlashOptions) => compare(image, good, options);
  return told("compare", "read it back", cards, work, read);
}

/** Does a part with the cards that are still good. */
async function told(
  id: string,
  title: string,
  cards: readonly Card[],
  { signal, reporter }: CardWork,
  work: (cards: readonly Card[], options: FlashOptions) => Promise<void>,
): Promise<void> {
  const good = cards.filter(({ failure }) => failure === undefined);
  if (good.length === 0) return;
  reporter.report({ type: "step", id, title, unit: "bytes" });
  const onProgress = (done: number, total: number) =>
    reporter.report({ type: "progress", id, done, total });
  await work(good, { signal, onProgress });
  reporter.report({ type: "done", id });
}

/**
 * What is told where a device has a part of an image: that, and why it has no more.
 * @param device In words.
 */
export function spoiled(device: string, cause: unknown): TowerError {
  if (cause instanceof TowerError && cause.code === "interrupted") {
    return new TowerError("interrupted", `Cannot use ${device}: its writing was interrupted`, {
      hint: "Start nothing from it: write it again",
    });
  }
  const code = cause instanceof TowerError ? cause.code : "io";
  return new TowerError(code, `Cannot use ${device}: what was written is not whole`, {
    cause,
    hint: "Start nothing from it: write it again with an image that does not change",
  });
}
