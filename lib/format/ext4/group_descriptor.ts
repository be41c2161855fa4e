/** Group descriptors and bitmaps (Documentation/filesystems/ext4/group_descr.rst, bitmaps.rst). */
import { checksum, checksumOfNumber } from "./checksum.ts";
import { BLOCK_SIZE, BLOCKS_PER_GROUP, DESCRIPTOR_SIZE, type Geometry } from "./geometry.ts";

const INODE_UNINIT = 1;
const BLOCK_UNINIT = 2;
const INODE_ZEROED = 4;

/** What is in use of a file system whose blocks and inodes were handed out from the front. */
export interface Usage {
  /** All blocks below are in use; from it on, only the fixed metadata is. */
  readonly endBlock: number;
  readonly lastIno: number;
  /** Directories by group of their inode. */
  readonly directories: readonly number[];
}

/** One group's bitmaps; undefined where the descriptor says that none is needed. */
export interface GroupBitmaps {
  readonly blocks: Uint8Array | undefined;
  readonly inodes: Uint8Array | undefined;
}

/** The bitmaps of all groups, in order. */
export function* bitmapsOf(geometry: Geometry, usage: Usage): Generator<GroupBitmaps> {
  const { groups, inodesPerGroup, fixed } = geometry;
  let nextFixed = 0;
  for (const [i, group] of groups.entries()) {
    const end = group.start + group.blocks;
    const bits = new Uint8Array(BLOCK_SIZE);
    let foreign = usage.endBlock > group.start || i === groups.length - 1;
    setBits(bits, 0, Math.min(usage.endBlock, end) - group.start);
    setBits(bits, group.blocks, BLOCKS_PER_GROUP);
    for (; (fixed[nextFixed]?.start ?? Infinity) < end; nextFixed++) {
      const run = fixed[nextFixed]!;
      const superblock = group.hasSuperblock && run.start === group.start &&
        run.count === superblockBlocks(geometry);
      foreign ||= !superblock;
      setBits(bits, Math.max(0, run.start - group.start), run.start + run.count - group.start);
      if (run.start + run.count > end) break;
    }
    const inodes = Math.min(usage.lastIno - i * inodesPerGroup, inodesPerGroup);
    const inodeBits = new Uint8Array(BLOCK_SIZE);
    setBits(inodeBits, 0, inodes);
    setBits(inodeBits, inodesPerGroup, 8 * BLOCK_SIZE);
    // Without BLOCK_UNINIT on the last group: its bitmap ends inside.
    yield { blocks: foreign ? bits : undefined, inodes: inodes > 0 ? inodeBits : undefined };
  }
}

/** Blocks of a superblock with the descriptors and the room after them. */
function superblockBlocks(geometry: Geometry): number {
  return 1 + geometry.descriptorBlocks + geometry.reservedDescriptorBlocks;
}

/** Blocks in use, by group. */
export function usedBlocks(geometry: Geometry, endBlock: number): number[] {
  const used = geometry.groups.map((g) => clamp(endBlock - g.start, 0, g.blocks));
  for (const run of geometry.fixed) {
    for (let at = Math.max(run.start, endBlock), end = run.start + run.count; at < end;) {
      const i = Math.floor(at / BLOCKS_PER_GROUP);
      const stop = Math.min(end, (i + 1) * BLOCKS_PER_GROUP);
      used[i]! += stop - at;
      at = stop;
    }
  }
  return used;
}

/** The descriptor table: as many blocks as the geometry says. */
export function encodeDescriptors(
  geometry: Geometry,
  usage: Usage,
  bitmaps: Iterable<GroupBitmaps>,
  seed: number,
): Uint8Array {
  const table = new Uint8Array(geometry.descriptorBlocks * BLOCK_SIZE);
  const used = usedBlocks(geometry, usage.endBlock);
  const { groups, inodesPerGroup } = geometry;
  let i = 0;
  for (const { blocks, inodes } of bitmaps) {
    const group = groups[i]!;
    const bytes = table.subarray(i * DESCRIPTOR_SIZE, (i + 1) * DESCRIPTOR_SIZE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const u16 = (at: number, value: number) => view.setUint16(at, value, true);
    const u32 = (at: number, value: number) => view.setUint32(at, value, true);
    const freeInodes = inodesPerGroup -
      clamp(usage.lastIno - i * inodesPerGroup, 0, inodesPerGroup);
    u32(0x00, group.blockBitmap);
    u32(0x04, group.inodeBitmap);
    u32(0x08, group.inodeTable);
    u16(0x0c, group.blocks - used[i]!);
    u16(0x0e, freeInodes);
    u16(0x10, usage.directories[i] ?? 0);
    // Tables are zero where nothing was written, so the kernel has nothing to clear.
    u16(0x12, INODE_ZEROED | (inodes ? 0 : INODE_UNINIT) | (blocks ? 0 : BLOCK_UNINIT));
    const blockSum = blocks ? checksum(seed, blocks) : 0;
    const inodeSum = inodes ? checksum(seed, inodes.subarray(0, inodesPerGroup / 8)) : 0;
    u16(0x18, blockSum & 0xffff);
    u16(0x1a, inodeSum & 0xffff);
    u16(0x1c, freeInodes); // those at the end of the table that were never used
    u16(0x38, blockSum >>> 16);
    u16(0x3a, inodeSum >>> 16);
    u16(0x1e, checksum(checksumOfNumber(seed, i), bytes) & 0xffff);
    i++;
  }
  return table;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Sets the bits from `from` up to but without `to`; bits outside the array are left. */
function setBits(bits: Uint8Array, from: number, to: number): void {
  const end = Math.min(to, bits.length * 8);
  let at = Math.max(from, 0);
  for (; at < end && at % 8 !== 0; at++) bits[at >> 3]! |= 1 << (at & 7);
  if (at >= end) return;
  bits.fill(0xff, at >> 3, end >> 3);
  for (at = end & ~7; at < end; at++) bits[at >> 3]! |= 1 << (at & 7);
}
