import { concat } from "../bytes/bytes.ts";

/** Blocks one after the other, and how many bytes each has. */
export interface Blocks {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/**
 * Compresses blocks of a file system, each for itself: what comes out depends on the blocks, the
 * compression and the level alone, not on who does it nor on how many do.
 */
export interface BlockCompressor extends Disposable {
  /** Batches that are worth being under way at once. */
  readonly most: number;
  /**
   * Takes the blocks away. A block that would not become smaller comes back as it was: its length
   * tells.
   */
  compress(blocks: Blocks): Promise<Blocks>;
}

/** Compresses one block; the answer may be overwritten by the next one. */
export type BlockEncoder = (block: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What a {@linkcode BlockCompressor} answers for blocks. */
export async function encodeBlocks(
  { bytes, lengths }: Blocks,
  encode: BlockEncoder,
): Promise<Blocks> {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    const block = bytes.subarray(at, at += length);
    const packed = await encode(block);
    parts.push(packed.length < length ? packed.slice() : block);
  }
  return { bytes: concat(parts), lengths: parts.map((part) => part.length) };
}

/** A compressor that works when it is asked, in the thread of who asks. */
export function compressHere(encode: BlockEncoder): BlockCompressor {
  return {
    most: 0,
    compress: (blocks) => encodeBlocks(blocks, encode),
    [Symbol.dispose]() {},
  };
}
