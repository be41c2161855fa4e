/** The superblock (Documentation/filesystems/ext4/super.rst). */
import { checksum } from "./checksum.ts";
import {
  BLOCKS_PER_GROUP,
  DESCRIPTOR_SIZE,
  type Geometry,
  GROUPS_PER_FLEX,
  INODE_SIZE,
} from "./geometry.ts";
import { INO } from "./inode.ts";

/** Bytes before the superblock of group 0; in other groups it starts their first block. */
export const SUPERBLOCK_OFFSET = 1024;
export const SUPERBLOCK_SIZE = 1024;

const HAS_JOURNAL = 0x4;
/** ext_attr, resize_inode, dir_index. */
const COMPATIBLE = 0x8 | 0x10 | 0x20;
/** filetype, extents, 64bit, flex_bg. */
const INCOMPATIBLE = 0x2 | 0x40 | 0x80 | 0x200;
/** sparse_super, large_file, huge_file, dir_nlink, extra_isize, metadata_csum. */
const READ_ONLY_COMPATIBLE = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x400;

export interface SuperblockFields {
  readonly geometry: Geometry;
  readonly uuid: Uint8Array;
  readonly hashSeed: Uint8Array;
  /** At most 16 bytes. */
  readonly label: Uint8Array;
  /** Seconds since 1970: when it was made, written and checked. */
  readonly epoch: number;
  readonly freeBlocks: number;
  readonly freeInodes: number;
  readonly journal?: { readonly blocks: number; readonly bytes: number; readonly root: Uint8Array };
}

/** The superblock as group `group` holds it. */
export function encodeSuperblock(fields: SuperblockFields, group: number): Uint8Array {
  const { geometry, journal, epoch } = fields;
  const bytes = new Uint8Array(SUPERBLOCK_SIZE);
  const view = new DataView(bytes.buffer);
  const u8 = (at: number, value: number) => view.setUint8(at, value);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  u32(0x00, geometry.groups.length * geometry.inodesPerGroup);
  u32(0x04, geometry.blocks);
  u32(0x0c, fields.freeBlocks);
  u32(0x10, fields.freeInodes);
  u32(0x18, 2); // blocks of 1024 << 2 bytes
  u32(0x1c, 2); // clusters of one block
  u32(0x20, BLOCKS_PER_GROUP);
  u32(0x24, BLOCKS_PER_GROUP);
  u32(0x28, geometry.inodesPerGroup);
  u32(0x30, epoch); // last write
  u16(0x36, 0xffff); // no check after a number of mounts
  u16(0x38, 0xef53);
  u16(0x3a, group === 0 ? 1 : 0); // clean; copies say "check me", as e2fsprogs writes them
  u16(0x3c, 1); // go on after errors
  u32(0x40, epoch); // last check
  u32(0x4c, 1); // revision with the fields that follow
  u32(0x54, INO.lostAndFound); // first inode that is not reserved
  u16(0x58, INODE_SIZE);
  u16(0x5a, group);
  u32(0x5c, COMPATIBLE | (journal ? HAS_JOURNAL : 0));
  u32(0x60, INCOMPATIBLE);
  u32(0x64, READ_ONLY_COMPATIBLE);
  bytes.set(fields.uuid, 0x68);
  bytes.set(fields.label, 0x78);
  u16(0xce, geometry.reservedDescriptorBlocks);
  bytes.set(fields.hashSeed, 0xec);
  u8(0xfc, 1); // directories that the kernel indexes later: half MD4
  u16(0xfe, DESCRIPTOR_SIZE);
  u32(0x100, 0x4 | 0x8); // default mount options user_xattr, acl
  u32(0x108, epoch); // made
  u16(0x15c, 32); // extra bytes that all inodes have, and that new ones get
  u16(0x15e, 32);
  u32(0x160, 1); // that hash reads characters as signed, on every machine
  u8(0x174, Math.log2(GROUPS_PER_FLEX));
  u8(0x175, 1); // checksums are CRC-32C
  const fixedBlocks = geometry.blocks - geometry.available;
  u32(0x248, fixedBlocks + (journal?.blocks ?? 0)); // overhead
  if (journal) encodeJournalFields(view, journal);
  u32(0x3fc, checksum(0xffffffff, bytes.subarray(0, 0x3fc)));
  return bytes;
}

/** Where the journal is, and a copy of its inode for the case that the inode is lost. */
function encodeJournalFields(
  view: DataView,
  journal: NonNullable<SuperblockFields["journal"]>,
): void {
  view.setUint32(0xe0, INO.journal, true);
  view.setUint8(0xfd, 1); // the copy is of the inode's block map and size
  new Uint8Array(view.buffer).set(journal.root, 0x10c);
  view.setUint32(0x148, Math.floor(journal.bytes / 2 ** 32), true);
  view.setUint32(0x14c, journal.bytes, true);
}
