import { createHash } from "node:crypto";
import type { Breathe } from "../breathe.ts";
import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import type { CheckedImage } from "../disk/checked_image.ts";
import { type Extent, notVouchedFor } from "../disk/image_pieces.ts";

/** What is read and compared at once. */
const BLOCK = 64 << 10;

/**
 * The bytes of a plain image that was checked, anywhere and as often as they are asked for: a stick that is
 * another one by then, or gives other bytes, is found. Each block is compared with what it was when the whole was
 * as its list says. What a block map leaves out is zeros, whatever the file has there.
 *
 * @throws {TowerError} `untrusted`, here and when it is read
 */
export async function pinned(
  { path, size, extents, head, pieces }: CheckedImage,
  breathe: Breathe,
): Promise<ByteSource> {
  const digests = new Map<number, string>();
  const block = new Uint8Array(BLOCK);
  let index = 0;
  const end = () => {
    const whole = block.subarray(0, Math.min(BLOCK, size - index * BLOCK));
    digests.set(index, digestOf(whole));
    block.fill(0);
  };
  for await (const { offset, bytes } of pieces()) {
    for (let at = 0; at < bytes.length;) {
      const next = Math.floor((offset + at) / BLOCK);
      if (next !== index) end();
      index = next;
      const place = offset + at - index * BLOCK;
      const part = bytes.subarray(at, at + BLOCK - place);
      block.set(part, place);
      at += part.length;
    }
    await breathe();
  }
  end();
  return comparing(head, { size, extents, digests, path });
}

interface Pins {
  readonly size: number;
  readonly extents: readonly Extent[];
  /** By the number of the block; one without has zeros alone. */
  readonly digests: ReadonlyMap<number, string>;
  readonly path: string;
}

function comparing(source: ByteSource, { size, extents, digests, path }: Pins): ByteSource {
  let known: { readonly index: number; readonly bytes: Uint8Array } | undefined;
  const blockAt = (index: number) => {
    if (known?.index === index) return known.bytes;
    const from = index * BLOCK;
    const bytes = new Uint8Array(Math.min(BLOCK, size - from));
    const digest = digests.get(index);
    if (digest === undefined) return bytes;
    for (const extent of extents) {
      const start = Math.max(extent.start, from);
      const length = Math.min(extent.end, from + bytes.length) - start;
      if (length > 0) bytes.set(readExactly(source, start, length), start - from);
    }
    if (digestOf(bytes) !== digest) throw notVouchedFor(path);
    known = { index, bytes };
    return bytes;
  };
  return {
    size,
    readAt(offset, into) {
      if (offset >= size) return 0;
      const index = Math.floor(offset / BLOCK);
      const part = blockAt(index).subarray(offset - index * BLOCK).subarray(0, into.length);
      into.set(part);
      return part.length;
    },
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
