/**
 * The resize inode: a file that owns the blocks after every copy of the group descriptors, so
 * that their table can grow in place (e2fsprogs lib/ext2fs/res_gdt.c).
 *
 * It is mapped the old way: its double indirect block names the reserved blocks of group 0, and
 * each of these names its copies in the groups that hold a superblock.
 */
import { ADDRESSES_PER_BLOCK, BLOCK_SIZE, BLOCKS_PER_GROUP, type Geometry } from "./geometry.ts";

const DIRECT_BLOCKS = 12;
/** Place of the double indirect block in an inode's 15 addresses. */
const DOUBLE_INDIRECT = 13;

/** Size of the largest file that a double indirect block can map. */
export const RESIZE_INODE_SIZE = BLOCK_SIZE *
  (DIRECT_BLOCKS + ADDRESSES_PER_BLOCK + ADDRESSES_PER_BLOCK ** 2);

/** Groups beside the first that hold a superblock. */
function backups(geometry: Geometry): number[] {
  return geometry.groups.flatMap((group, i) => i > 0 && group.hasSuperblock ? [i] : []);
}

/** Blocks that the inode owns, the double indirect block included. */
export function resizeInodeBlocks(geometry: Geometry): number {
  return 1 + geometry.reservedDescriptorBlocks * (1 + backups(geometry).length);
}

/** The 60 bytes of the inode, for a double indirect block at `block`. */
export function resizeInodeRoot(block: number): Uint8Array {
  const root = new Uint8Array(60);
  new DataView(root.buffer).setUint32(4 * DOUBLE_INDIRECT, block, true);
  return root;
}

/** Every block of the mapping with its addresses; copies in other groups stay zero. */
export function* resizeInodeMap(
  geometry: Geometry,
  block: number,
): Generator<{ block: number; bytes: Uint8Array }> {
  const { descriptorBlocks, reservedDescriptorBlocks } = geometry;
  const groups = backups(geometry);
  const map = new DataView(new ArrayBuffer(BLOCK_SIZE));
  for (let i = 0; i < reservedDescriptorBlocks; i++) {
    const reserved = 1 + descriptorBlocks + i;
    map.setUint32(4 * ((descriptorBlocks + i) % ADDRESSES_PER_BLOCK), reserved, true);
    const copies = new DataView(new ArrayBuffer(BLOCK_SIZE));
    for (const [at, group] of groups.entries()) {
      copies.setUint32(4 * at, reserved + group * BLOCKS_PER_GROUP, true);
    }
    yield { block: reserved, bytes: new Uint8Array(copies.buffer) };
  }
  yield { block, bytes: new Uint8Array(map.buffer) };
}
