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
   * Takes the blocks away and answers in their memory, which is the caller's again. A block that
   * would not become smaller comes back as it was: its length tells.
   */
  compress(blocks: Blocks): Promise<Blocks>;
}

/** Compresses one block; the answer may be overwritten by the next one. */
export type BlockEncoder = (block: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What a {@linkcode BlockCompressor} answers: what a block became lies where blocks before it were. */
export async function encodeBlocks(
  { bytes, lengths }: Blocks,
  encode: BlockEncoder,
): Promise<Blocks> {
  const packedLengths: number[] = [];
  let from = 0;
  let to = 0;
  for (const length of lengths) {
    const block = bytes.subarray(from, from += length);
    const packed = await encode(block);
    const best = packed.length < length ? packed : block;
    bytes.set(best, to);
    to += best.length;
    packedLengths.push(best.length);
  }
  return { bytes: bytes.subarray(0, to), lengths: packedLengths };
}

/** A compressor that works when it is asked, in the thread of who asks. */
export function compressHere(encode: BlockEncoder): BlockCompressor {
  return {
    most: 0,
    compress: (blocks) => encodeBlocks(blocks, encode),
    [Symbol.dispose]() {},
  };
}
