import { Buffer } from "node:buffer";
import { TowerError } from "../errors.ts";
import type { ByteSource } from "../format/bytes.ts";
import type { Medium } from "./medium.ts";

/** Bytes of an image from `start` to before `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
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
 * Writes the parts of an image that matter; on a blank medium blocks of zeros are left out, and
 * stay holes.
 */
export async function flash(
  image: ByteSource,
  medium: Medium,
  extents: readonly Extent[],
  options: FlashOptions,
): Promise<void> {
  await eachChunk(image, extents, options, (bytes, offset) => {
    if (!medium.isBlank) return medium.writeAt(offset, bytes);
    for (const { start, end } of dataRuns(bytes)) {
      medium.writeAt(offset + start, bytes.subarray(start, end));
    }
  });
  await medium.flush();
}

/** Overwrites all of a medium with zeros. */
export async function zero(
  medium: Medium,
  { signal, onProgress }: FlashOptions,
): Promise<void> {
  const zeros = new Uint8Array(CHUNK);
  for (let done = 0; done < medium.size;) {
    const part = zeros.subarray(0, Math.min(CHUNK, medium.size - done));
    medium.writeAt(done, part);
    onProgress(done += part.length, medium.size);
    await turn(signal);
  }
}

/**
 * Reads a medium back and compares it with the image.
 * @throws {TowerError} `io` with the first place that differs.
 */
export async function compare(
  image: ByteSource,
  medium: ByteSource,
  extents: readonly Extent[],
  options: FlashOptions,
): Promise<void> {
  const found = new Uint8Array(CHUNK);
  await eachChunk(image, extents, options, (bytes, offset) => {
    for (let done = 0; done < bytes.length;) {
      const n = medium.readAt(offset + done, found.subarray(done, bytes.length));
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

async function eachChunk(
  image: ByteSource,
  extents: readonly Extent[],
  { signal, onProgress }: FlashOptions,
  use: (bytes: Uint8Array, offset: number) => void,
): Promise<void> {
  const total = extents.reduce((sum, { start, end }) => sum + end - start, 0);
  const chunk = new Uint8Array(CHUNK);
  let done = 0;
  for (const { start, end } of extents) {
    for (let offset = start; offset < end;) {
      const n = image.readAt(offset, chunk.subarray(0, Math.min(CHUNK, end - offset)));
      if (n <= 0) throw new RangeError(`The image ends at ${offset}, not at ${end}`);
      use(chunk.subarray(0, n), offset);
      offset += n;
      onProgress(done += n, total);
      await turn(signal);
    }
  }
}

/** Signals and timers get their turn. */
async function turn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal.throwIfAborted();
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
