/**
 * Where the fixed metadata of an ext4 file system lies (Linux
 * Documentation/filesystems/ext4/blockgroup.rst): copies of the superblock with the group
 * descriptors, and per flex group the bitmaps and inode tables. All numbers are in blocks.
 */

export const BLOCK_SIZE = 4096;
/** A block bitmap is one block: 8 bits a byte. */
export const BLOCKS_PER_GROUP = 8 * BLOCK_SIZE;
/** Groups whose bitmaps and inode tables lie together; mke2fs takes 16 too. */
export const GROUPS_PER_FLEX = 16;
export const INODE_SIZE = 256;
export const INODES_PER_BLOCK = BLOCK_SIZE / INODE_SIZE;
/** Size of a group descriptor with the `64bit` feature. */
export const DESCRIPTOR_SIZE = 64;
/** Block numbers of 4 bytes in a block of block numbers. */
export const ADDRESSES_PER_BLOCK = BLOCK_SIZE / 4;
/** 8 TiB: above it the resize inode cannot reserve room for as many descriptors again. */
export const MAX_BLOCKS = 2 ** 31;

const DESCRIPTORS_PER_BLOCK = BLOCK_SIZE / DESCRIPTOR_SIZE;
const MAX_INODES_PER_GROUP = 8 * BLOCK_SIZE;
/** One inode for 16 KiB, as mke2fs.conf has it. */
const BLOCKS_PER_INODE = 4;
/** Growth that descriptors are reserved for: as mke2fs, but at least a card of 256 GiB. */
const GROWTH_FACTOR = 1024;
const MIN_GROWTH = 2 ** 38 / BLOCK_SIZE;
/** Blocks beside its own metadata that make a last group worth having; as mke2fs. */
const MIN_TAIL = 50;

/** Blocks one after another. */
export interface Run {
  readonly start: number;
  readonly count: number;
}

export interface Group {
  readonly start: number;
  readonly blocks: number;
  /** Whether it starts with a superblock, the descriptors and room for more of them. */
  readonly hasSuperblock: boolean;
  readonly blockBitmap: number;
  readonly inodeBitmap: number;
  readonly inodeTable: number;
}

export interface Geometry {
  readonly blocks: number;
  readonly groups: readonly Group[];
  readonly inodesPerGroup: number;
  readonly descriptorBlocks: number;
  /** Blocks after the descriptors into which their table can grow. */
  readonly reservedDescriptorBlocks: number;
  /** All fixed metadata, ordered, neighbours joined. */
  readonly fixed: readonly Run[];
  /** Blocks that are not fixed metadata. */
  readonly available: number;
}

/**
 * The geometry for at most `blocks` blocks with at least `inodes` inodes. A last group too small
 * to be of use is left off. Undefined when the metadata alone does not fit.
 */
export function geometryOf(blocks: number, inodes: number): Geometry | undefined {
  const tail = blocks % BLOCKS_PER_GROUP;
  return tryGeometry(blocks, inodes) ??
    (tail > 0 && blocks > tail ? tryGeometry(blocks - tail, inodes) : undefined);
}

/** The fewest blocks that can hold so many inodes. */
export function leastBlocksFor(inodes: number): number {
  return (Math.ceil(inodes / MAX_INODES_PER_GROUP) - 1) * BLOCKS_PER_GROUP;
}

function tryGeometry(blocks: number, inodes: number): Geometry | undefined {
  const count = Math.ceil(blocks / BLOCKS_PER_GROUP);
  const wanted = Math.max(inodes, Math.floor(blocks / BLOCKS_PER_INODE));
  const inodesPerGroup = Math.ceil(wanted / count / INODES_PER_BLOCK) * INODES_PER_BLOCK;
  if (count === 0 || inodesPerGroup > MAX_INODES_PER_GROUP) return undefined;
  const tableBlocks = inodesPerGroup / INODES_PER_BLOCK;
  const descriptorBlocks = Math.ceil(count / DESCRIPTORS_PER_BLOCK);
  const reservedDescriptorBlocks = reservedFor(blocks, descriptorBlocks);
  const superblockRun = 1 + descriptorBlocks + reservedDescriptorBlocks;

  const last = blocks - (count - 1) * BLOCKS_PER_GROUP;
  const lastOverhead = 2 + tableBlocks + (hasBackup(count - 1) ? superblockRun : 0);
  if (last < lastOverhead + (count > 1 ? MIN_TAIL : 0)) return undefined;

  const groups: Group[] = [];
  const fixed: Run[] = [];
  for (let first = 0; first < count; first += GROUPS_PER_FLEX) {
    const members = Math.min(GROUPS_PER_FLEX, count - first);
    const superblocks = superblocksOf(first, members, superblockRun);
    const place = placer(first * BLOCKS_PER_GROUP, superblocks);
    const blockBitmaps = place(members);
    const inodeBitmaps = place(members);
    const tables = Array.from({ length: members }, () => place(tableBlocks));
    if (tables.at(-1)! + tableBlocks > blocks) return undefined;
    for (const [i, inodeTable] of tables.entries()) {
      const start = (first + i) * BLOCKS_PER_GROUP;
      groups.push({
        start,
        blocks: Math.min(BLOCKS_PER_GROUP, blocks - start),
        hasSuperblock: hasBackup(first + i),
        blockBitmap: blockBitmaps + i,
        inodeBitmap: inodeBitmaps + i,
        inodeTable,
      });
    }
    fixed.push(
      ...superblocks,
      { start: blockBitmaps, count: members },
      { start: inodeBitmaps, count: members },
      ...tables.map((start) => ({ start, count: tableBlocks })),
    );
  }
  const joined = join(fixed);
  const available = blocks - joined.reduce((sum, run) => sum + run.count, 0);
  return {
    blocks,
    groups,
    inodesPerGroup,
    descriptorBlocks,
    reservedDescriptorBlocks,
    fixed: joined,
    available,
  };
}

/** Descriptor blocks to reserve, so that resize2fs and the kernel can grow the file system. */
function reservedFor(blocks: number, descriptorBlocks: number): number {
  const grown = Math.min(Math.max(blocks * GROWTH_FACTOR, MIN_GROWTH), 2 ** 32);
  const needed = Math.ceil(Math.ceil(grown / BLOCKS_PER_GROUP) / DESCRIPTORS_PER_BLOCK);
  return Math.min(needed - descriptorBlocks, ADDRESSES_PER_BLOCK);
}

/** `sparse_super`: groups 0 and 1 and powers of 3, 5 and 7 hold a superblock. */
export function hasBackup(group: number): boolean {
  return group <= 1 || [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}

function superblocksOf(first: number, members: number, count: number): Run[] {
  return Array.from({ length: members }, (_, i) => first + i)
    .filter(hasBackup)
    .map((group) => ({ start: group * BLOCKS_PER_GROUP, count }));
}

/** Hands out neighbouring blocks from `start` on, around the superblocks. */
function placer(start: number, superblocks: readonly Run[]): (count: number) => number {
  let cursor = start, next = 0;
  return (count) => {
    for (; next < superblocks.length; next++) {
      const obstacle = superblocks[next]!;
      if (cursor + count <= obstacle.start) break;
      cursor = obstacle.start + obstacle.count;
    }
    const at = cursor;
    cursor += count;
    return at;
  };
}

function join(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && last.start + last.count === run.start) {
      joined[joined.length - 1] = { start: last.start, count: last.count + run.count };
    } else joined.push(run);
  }
  return joined;
}
