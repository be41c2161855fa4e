import { malformed, MOST_TARGET, NONE } from "./superblock.ts";
import type { MetadataCursor } from "./metadata_reader.ts";
import { DIRECTORY_EXTRA, EXTENDED, KIND } from "./inode.ts";

/** What all inodes have; owners are numbers in their table. */
interface ReadHead {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly number: number;
  readonly xattrs: number;
}

/** A file's place on the medium; the sizes of its blocks follow its inode. */
export interface FilePlace {
  readonly size: number;
  readonly start: number;
  readonly fragment: number;
  readonly offset: number;
  /** Reads the sizes of its blocks. */
  readonly sizes: MetadataCursor;
}

/** An inode as it was read. */
export type Inode =
  & ReadHead
  & (
    | {
      readonly kind: "directory";
      readonly block: number;
      readonly offset: number;
      readonly size: number;
    }
    | { readonly kind: "file"; readonly place: FilePlace }
    | { readonly kind: "symlink"; readonly target: Uint8Array }
    | { readonly kind: "block" | "char"; readonly major: number; readonly minor: number }
    | { readonly kind: "fifo" | "socket" }
  );

/** @throws {TowerError} `malformed` */
export function readInode(cursor: MetadataCursor): Inode {
  const head = cursor.view(16);
  const type = head.getUint16(0, true);
  const isExtended = type > EXTENDED;
  const kind = (Object.keys(KIND) as (keyof typeof KIND)[])
    .find((kind) => KIND[kind] === (isExtended ? type - EXTENDED : type));
  if (kind === undefined) throw malformed(`an inode is of type ${type}`);
  const base = {
    mode: head.getUint16(2, true) & 0o7777,
    uid: head.getUint16(4, true),
    gid: head.getUint16(6, true),
    mtime: head.getUint32(8, true),
    number: head.getUint32(12, true),
  };
  switch (kind) {
    case "directory":
      return { ...base, kind, ...isExtended ? longDirectory(cursor) : directory(cursor) };
    case "file":
      return { ...base, kind, ...isExtended ? longFile(cursor) : file(cursor) };
    case "symlink": {
      const size = cursor.view(8).getUint32(4, true);
      if (size === 0 || size > MOST_TARGET) throw malformed(`a link's target has ${size} bytes`);
      const target = cursor.take(size);
      return { ...base, kind, target, xattrs: isExtended ? word(cursor) : NONE };
    }
    case "block":
    case "char": {
      const device = cursor.view(8).getUint32(4, true);
      const major = (device >> 8) & 0xfff;
      const minor = (device & 0xff) | (device >>> 12) & 0xfff00;
      return { ...base, kind, major, minor, xattrs: isExtended ? word(cursor) : NONE };
    }
    default:
      cursor.take(4);
      return { ...base, kind, xattrs: isExtended ? word(cursor) : NONE };
  }
}

function word(cursor: MetadataCursor): number {
  return cursor.view(4).getUint32(0, true);
}

function directory(cursor: MetadataCursor) {
  const v = cursor.view(16);
  const size = listingSize(v.getUint16(8, true));
  return { block: v.getUint32(0, true), offset: v.getUint16(10, true), size, xattrs: NONE };
}

/** The index behind it only saves time. */
function longDirectory(cursor: MetadataCursor) {
  const v = cursor.view(24);
  const size = listingSize(v.getUint32(4, true));
  const xattrs = v.getUint32(20, true);
  return { block: v.getUint32(8, true), offset: v.getUint16(18, true), size, xattrs };
}

function listingSize(size: number): number {
  if (size < DIRECTORY_EXTRA) throw malformed(`a directory has ${size} bytes`);
  return size - DIRECTORY_EXTRA;
}

function file(cursor: MetadataCursor) {
  const v = cursor.view(16);
  const word = (at: number) => v.getUint32(at, true);
  const place = { start: word(0), fragment: word(4), offset: word(8), size: word(12) };
  return { place: { ...place, sizes: cursor }, xattrs: NONE };
}

function longFile(cursor: MetadataCursor) {
  const v = cursor.view(40);
  const long = (at: number) => {
    const value = Number(v.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw malformed(`a file has ${value} bytes`);
    return value;
  };
  const place = {
    ...{ start: long(0), size: long(8), fragment: v.getUint32(28, true) },
    ...{ offset: v.getUint32(32, true), sizes: cursor },
  };
  return { place, xattrs: v.getUint32(36, true) };
}
