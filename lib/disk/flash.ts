import { Buffer } from "node:buffer";
import { TowerError } from "../errors.ts";
import { breathing } from "../files/interruption.ts";
import type { Extent, ImagePieces, Piece } from "./image_pieces.ts";
import type { Medium } from "./medium.ts";

/** A medium among several that get the same image. One that failed is left alone from then on. */
export interface Card {
  readonly medium: Medium;
  /** Why it is of no use, once that is known. */
  failure?: unknown;
}

export interface FlashOptions {
  readonly signal: AbortSignal;
  /** Told of bytes done, of all that are to be done. */
  readonly onProgress: (done: number, total: number) => void;
}

const CHUNK = 4 << 20;
const BLOCK = 4096;
const ZEROS = new Uint8Array(BLOCK);

/**
 * Writes the parts of an image that matter to all cards side by side; on a blank medium blocks of
 * zeros are left out, and stay holes. A card's fault is kept with it, the image's own is thrown.
 */
export async function flash(
  image: ImagePieces,
  cards: readonly Card[],
  options: FlashOptions,
): Promise<void> {
  await eachPiece(image, cards, options, async (medium, { bytes, offset }) => {
    if (!medium.isBlank) return await medium.write(offset, bytes);
    for (const { start, end } of dataRuns(bytes)) {
      await medium.write(offset + start, bytes.subarray(start, end));
    }
  });
  await eachCard(cards, (medium) => medium.flush());
}

/** Overwrites all of every medium with zeros. */
export async function zero(
  cards: readonly Card[],
  { signal, onProgress }: FlashOptions,
): Promise<void> {
  const zeros = new Uint8Array(CHUNK);
  const total = cards.reduce((sum, { medium }) => sum + medium.size, 0);
  let all = 0;
  const breathe = breathing(signal);
  await eachCard(cards, async (medium) => {
    for (let done = 0; done < medium.size;) {
      const part = zeros.subarray(0, Math.min(CHUNK, medium.size - done));
      await medium.write(done, part);
      done += part.length;
      onProgress(all += part.length, total);
      await breathe();
    }
  });
  signal.throwIfAborted();
}

/** Reads every medium back; one that differs from the image fails with the first place. */
export async function compare(
  image: ImagePieces,
  cards: readonly Card[],
  options: FlashOptions,
): Promise<void> {
  const buffers = new Map(cards.map(({ medium }) => [medium, new Uint8Array(CHUNK)]));
  await eachPiece(image, cards, options, async (medium, { bytes, offset }) => {
    const found = buffers.get(medium)!;
    for (let done = 0; done < bytes.length;) {
      const n = await medium.read(offset + done, found.subarray(done, bytes.length));
      if (n <= 0) throw differs(offset + done);
      done += n;
    }
    const at = firstDifference(bytes, found);
    if (at >= 0) throw differs(offset + at);
  });
}

function differs(offset: number): TowerError {
  return new TowerError(
    "io",
    `Cannot trust the medium: at byte ${offset} it does not give back what was written`,
    { hint: "The card or its reader is broken, or smaller than it says: take another one" },
  );
}

/** Does something with every card that is still good, side by side. */
export async function eachCard<C extends Card>(
  cards: readonly C[],
  work: (medium: Medium, card: C) => Promise<void>,
): Promise<void> {
  await Promise.all(
    cards.filter((card) => card.failure === undefined).map(async (card) => {
      try {
        await work(card.medium, card);
      } catch (error) {
        card.failure = error;
      }
    }),
  );
}

async function eachPiece(
  { extents, pieces }: ImagePieces,
  cards: readonly Card[],
  { signal, onProgress }: FlashOptions,
  use: (medium: Medium, piece: Piece) => Promise<void>,
): Promise<void> {
  const total = extents.reduce((sum, { start, end }) => sum + end - start, 0);
  const breathe = breathing(signal);
  let done = 0;
  await breathe();
  for await (const piece of pieces()) {
    await eachCard(cards, (medium) => use(medium, piece));
    if (cards.every(({ failure }) => failure !== undefined)) return;
    onProgress(done += piece.bytes.length, total);
    await breathe();
  }
}

/** Reads pieces to their end, for what they throw. */
export async function readThrough(
  pieces: AsyncIterable<Piece>,
  signal: AbortSignal,
): Promise<void> {
  const breathe = breathing(signal);
  for await (const _ of pieces) await breathe();
}

/** The blocks of a piece that are not all zeros, neighbours together. */
export function* dataRuns(bytes: Uint8Array): Generator<Extent> {
  let start = -1;
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const isEmpty = firstDifference(block, ZEROS) < 0;
    if (isEmpty && start >= 0) yield { start, end: at };
    start = isEmpty ? -1 : start < 0 ? at : start;
  }
  if (start >= 0) yield { start, end: bytes.length };
}

/** Where the first array differs from the beginning of the second; -1 nowhere. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const same = b.subarray(0, a.length);
  return Buffer.compare(a, same) === 0 ? -1 : a.findIndex((byte, i) => byte !== same[i]);
}
