/** Inode records (Documentation/filesystems/ext4/inodes.rst). */
import { checksum } from "./checksum.ts";

/** File type bits of a mode (inode(7)). */
export const S_IFMT = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;

/** The blocks of the inode are an extent tree. */
export const EXTENTS_FL = 0x80000;
/** Bytes of the block map, which also holds short link targets and device numbers. */
export const ROOT_SIZE = 60;

/** Numbers of the inodes that every file system has. */
export const INO = { root: 2, resize: 7, journal: 8, lostAndFound: 11 } as const;

/** Bounds of a time of 32 bits and 2 epoch bits. */
export const MIN_TIME = -(2 ** 31);
export const MAX_TIME = 2 ** 34 - 2 ** 31 - 1;

export interface InodeRecord {
  /** With the type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, for all four times. */
  readonly mtime: number;
  readonly links: number;
  readonly size: number;
  /** Blocks of 4 KiB, of metadata as well. */
  readonly blocks: number;
  readonly flags: number;
  /** At most {@linkcode ROOT_SIZE} bytes. */
  readonly root: Uint8Array;
  /** What follows the fixed fields in the inode. */
  readonly xattrArea?: Uint8Array;
  /** Block of extended attributes; 0 is none. */
  readonly xattrBlock: number;
}

/** Writes a record into 256 zero bytes. @param seed the inode's seed */
export function encodeInode(bytes: Uint8Array, inode: InodeRecord, seed: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const high = (value: number) => Math.floor(value / 2 ** 32);
  const sectors = inode.blocks * 8;
  u16(0x00, inode.mode);
  u16(0x02, inode.uid & 0xffff);
  u32(0x04, inode.size);
  for (const at of [0x08, 0x0c, 0x10]) u32(at, inode.mtime); // atime, ctime, mtime
  u16(0x18, inode.gid & 0xffff);
  u16(0x1a, inode.links);
  u32(0x1c, sectors);
  u32(0x20, inode.flags);
  bytes.set(inode.root, 0x28);
  u32(0x68, inode.xattrBlock);
  u32(0x6c, high(inode.size));
  u16(0x74, high(sectors));
  u16(0x78, inode.uid >>> 16);
  u16(0x7a, inode.gid >>> 16);
  u16(0x80, 32); // extra bytes after the first 128
  // The low half is read as signed; the epoch bits say how often 2^32 seconds to add.
  const epoch = (inode.mtime - (inode.mtime | 0)) / 2 ** 32;
  for (const at of [0x84, 0x88, 0x8c]) u32(at, epoch); // ctime, mtime, atime
  u32(0x90, inode.mtime); // crtime
  u32(0x94, epoch);
  if (inode.xattrArea) bytes.set(inode.xattrArea, 0xa0);
  const sum = checksum(seed, bytes);
  u16(0x7c, sum & 0xffff);
  u16(0x82, sum >>> 16);
}

/** Writes the record of a reserved inode that nothing uses: zeros and a checksum. */
export function encodeUnusedInode(bytes: Uint8Array, seed: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(
    0x7c,
    checksum(seed, bytes) & 0xffff,
    true,
  );
}

/** The bytes of a device inode's block map: the old encoding where it fits, else the new one. */
export function deviceRoot(major: number, minor: number): Uint8Array {
  const root = new Uint8Array(ROOT_SIZE);
  const view = new DataView(root.buffer);
  if (major < 256 && minor < 256) view.setUint32(0, (major << 8) | minor, true);
  else view.setUint32(4, (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12), true);
  return root;
}
