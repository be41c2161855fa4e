/** Inodes as they stand in the inode table (Linux, fs/squashfs/squashfs_fs.h). */
import { concat } from "../../bytes/bytes.ts";
import type { StoredFile } from "./data_writer.ts";
import { type Field, fields, words } from "./fields.ts";
import { NONE } from "./superblock.ts";

/** Kinds of inodes by the number that directories give; an extended inode's is 7 more. */
export const KIND = {
  directory: 1,
  file: 2,
  symlink: 3,
  block: 4,
  char: 5,
  fifo: 6,
  socket: 7,
} as const;
export const EXTENDED = 7;

/** What all inodes have. */
export interface InodeHead {
  /** Permission bits alone. */
  readonly mode: number;
  /** Numbers in the table of owners. */
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly number: number;
  /** Names of it. */
  readonly links: number;
  /** Number of its set of extended attributes, or {@linkcode NONE}. */
  readonly xattrs: number;
}

/** Where a directory's listing is, and the way into it. */
export interface Listing {
  readonly block: number;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly index: readonly IndexEntry[];
}

/** A header of a listing that can be jumped to. */
export interface IndexEntry {
  /** Of the header, from the listing's start. */
  readonly at: number;
  /** Of its metadata block. */
  readonly block: number;
  /** The first name behind it. */
  readonly name: Uint8Array;
}

/** What a directory's size counts beside its listing: "." and "..", as it were. */
export const DIRECTORY_EXTRA = 3;
const MOST_BASIC_FILE = 0xffffffff;
const MOST_BASIC_LISTING = 0xffff;

export function encodeFile(head: InodeHead, size: number, file: StoredFile): Uint8Array {
  const { start, sizes, fragment, offset, holes } = file;
  const isBasic = head.links === 1 && head.xattrs === NONE && holes === 0 &&
    size <= MOST_BASIC_FILE && start <= MOST_BASIC_FILE;
  const own: Field[] = isBasic ? [[4, start], [4, fragment], [4, offset], [4, size]] : [
    ...[[8, start], [8, size], [8, holes], [4, head.links]] as const,
    ...[[4, fragment], [4, offset], [4, head.xattrs]] as const,
  ];
  return concat([encodeHead(KIND.file, isBasic, head, own), words(sizes)]);
}

/** @param parent number of the inode of the directory above */
export function encodeDirectory(head: InodeHead, listing: Listing, parent: number): Uint8Array {
  const { block, offset, index } = listing;
  const size = listing.size + DIRECTORY_EXTRA;
  const isBasic = head.xattrs === NONE && index.length === 0 && size <= MOST_BASIC_LISTING;
  if (isBasic) {
    const own: Field[] = [[4, block], [4, head.links], [2, size], [2, offset], [4, parent]];
    return encodeHead(KIND.directory, true, head, own);
  }
  const own: Field[] = [
    ...[[4, head.links], [4, size], [4, block], [4, parent]] as const,
    ...[[2, index.length], [2, offset], [4, head.xattrs]] as const,
  ];
  const ways = index.flatMap(({ at, block, name }) => [
    fields([[4, at], [4, block], [4, name.length - 1]]),
    name,
  ]);
  return concat([encodeHead(KIND.directory, false, head, own), ...ways]);
}

export function encodeSymlink(head: InodeHead, target: Uint8Array): Uint8Array {
  const isBasic = head.xattrs === NONE;
  return concat([
    encodeHead(KIND.symlink, isBasic, head, [[4, head.links], [4, target.length]]),
    target,
    isBasic ? new Uint8Array() : words([head.xattrs]),
  ]);
}

export function encodeDevice(
  type: "block" | "char",
  head: InodeHead,
  { major, minor }: { readonly major: number; readonly minor: number },
): Uint8Array {
  // As the kernel's new_encode_dev: the minor number's upper bits above the major number.
  const device = ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
  return encodeSpecial(KIND[type], head, [[4, head.links], [4, device]]);
}

export function encodeFifo(head: InodeHead): Uint8Array {
  return encodeSpecial(KIND.fifo, head, [[4, head.links]]);
}

function encodeSpecial(kind: number, head: InodeHead, own: readonly Field[]): Uint8Array {
  const isBasic = head.xattrs === NONE;
  return encodeHead(kind, isBasic, head, isBasic ? own : [...own, [4, head.xattrs]]);
}

function encodeHead(
  kind: number,
  isBasic: boolean,
  { mode, uid, gid, mtime, number }: InodeHead,
  own: readonly Field[],
): Uint8Array<ArrayBuffer> {
  const type = isBasic ? kind : kind + EXTENDED;
  return fields([[2, type], [2, mode], [2, uid], [2, gid], [4, mtime], [4, number], ...own]);
}
