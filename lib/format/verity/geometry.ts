import { TowerError } from "../../errors.ts";

/** Bytes of a block of data and of a block of the hash tree: Linux' page, which all kernels take. */
export const VERITY_BLOCK = 4096;
/** Bytes of a SHA-256. */
export const DIGEST_SIZE = 32;
/** Digests that a block of the tree holds. */
export const DIGESTS_PER_BLOCK = VERITY_BLOCK / DIGEST_SIZE;
/** Data of 4 PiB: their tree's offsets stay exact numbers. */
const MOST_BLOCKS = 2 ** 40;

/** One level of the tree, in blocks from the start of the hash device. */
export interface VerityLevel {
  readonly first: number;
  readonly blocks: number;
}

/** Where the parts of a hash device lie: its superblock is block 0. */
export interface VerityGeometry {
  readonly dataBlocks: number;
  /** From the one that holds the digests of the data; none where there is one block of data. */
  readonly levels: readonly VerityLevel[];
  /** Of the whole hash device. */
  readonly blocks: number;
}

/**
 * The tree over a number of data blocks (Linux, admin-guide/device-mapper/verity.rst): each level
 * has the digests of the one below until a level is a single block. The top level comes first.
 *
 * @throws {RangeError} for no block, or for more than {@linkcode MOST_BLOCKS}.
 */
export function verityGeometry(dataBlocks: number): VerityGeometry {
  if (!Number.isInteger(dataBlocks) || dataBlocks < 1 || dataBlocks > MOST_BLOCKS) {
    throw new RangeError(`A hash tree is of 1 to ${MOST_BLOCKS} blocks, not of ${dataBlocks}`);
  }
  const counts: number[] = [];
  for (let below = dataBlocks; below > 1;) {
    below = Math.ceil(below / DIGESTS_PER_BLOCK);
    counts.push(below);
  }
  let next = 1;
  const levels = counts.toReversed().map((blocks) => {
    const first = next;
    next += blocks;
    return { first, blocks };
  }).reverse();
  return { dataBlocks, levels, blocks: next };
}

/** The number of blocks that bytes are. @throws {TowerError} `unsupported` for a part of one. */
export function dataBlocksOf(bytes: number): number {
  if (bytes > 0 && bytes % VERITY_BLOCK === 0) return bytes / VERITY_BLOCK;
  throw new TowerError(
    "unsupported",
    `Cannot make a hash tree: ${bytes} bytes are no whole number of blocks of ${VERITY_BLOCK}`,
  );
}
