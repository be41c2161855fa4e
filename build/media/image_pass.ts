import { createHash } from "node:crypto";
import type { Digest } from "../../lib/brand.ts";
import { type BlockRange, BMAP_BLOCK } from "../../lib/format/bmap.ts";
import type { ByteSource } from "../../lib/bytes/bytes.ts";
import { digestFromHex } from "../../lib/bytes/digest.ts";

const CHUNK = 1 << 20;

/**
 * Reads an image once, in order: hashes it and hands every byte on. What no range covers was
 * never written: it is told as zeros and not read.
 *
 * @param push gets pieces of at most 1 MiB that are reused afterwards
 * @returns the SHA-256 of the whole image
 */
export async function passOver(
  image: ByteSource,
  ranges: readonly BlockRange[],
  push: (bytes: Uint8Array, at: number) => void | Promise<void>,
): Promise<Digest> {
  const whole = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  const zeros = new Uint8Array(CHUNK);
  let at = 0;
  const holeUntil = async (end: number) => {
    while (at < end) {
      const part = zeros.subarray(0, Math.min(CHUNK, end - at));
      whole.update(part);
      await push(part, at);
      at += part.length;
    }
  };
  for (const { first, last } of ranges) {
    await holeUntil(first * BMAP_BLOCK);
    const end = Math.min((last + 1) * BMAP_BLOCK, image.size);
    while (at < end) {
      const part = chunk.subarray(0, Math.min(CHUNK, end - at));
      fill(image, at, part);
      whole.update(part);
      await push(part, at);
      at += part.length;
    }
  }
  await holeUntil(image.size);
  return digestFromHex(whole.digest("hex"));
}

/** Fills `into` from a file that may be shorter than it was declared: the rest is zeros. */
function fill(image: ByteSource, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const n = image.readAt(offset + done, into.subarray(done));
    if (n <= 0) return void into.fill(0, done);
    done += n;
  }
}
