import { S_IFMT } from "./inode.ts";
import { unsupported, viewOf } from "./reading.ts";
import type { RawInode } from "./volume_reader.ts";

const ENCRYPTED_FL = 0x800;
/** Contents of this kind are compressed by a patch that Linux never took. */
const COMPRESSED_FL = 0x4;
const EXTENTS_FL = 0x80000;
const INLINE_FL = 0x10000000;
/** Where the old part of an inode ends. */
const OLD_SIZE = 128;
/** Where the block map is. */
export const MAP_OFFSET = 0x28;

/** What an inode says, of whatever type it is. */
export interface Ext4Inode {
  readonly raw: RawInode;
  readonly type: keyof typeof S_IFMT;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly links: number;
  readonly size: number;
  /** How its contents are found. */
  readonly layout: "extents" | "map" | "inline";
  /** The 60 bytes of the block map. */
  readonly map: Uint8Array;
  /** What follows the fixed fields, where attributes may be. */
  readonly extraOffset: number;
  /** Block of attributes; 0 is none. */
  readonly xattrBlock: number;
}

/** @throws {TowerError} `unsupported` for a socket, and for what is encrypted or compressed */
export function readExt4Inode(raw: RawInode): Ext4Inode {
  const view = viewOf(raw.bytes);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const format = u16(0x00) & 0o170000;
  const type = (Object.keys(S_IFMT) as (keyof typeof S_IFMT)[])
    .find((name) => S_IFMT[name] === format);
  if (type === undefined) {
    throw unsupported(
      `inode ${raw.ino} has the type ${format.toString(8)}, ` +
        (format === 0o140000 ? "a socket, which no tree has" : "which is none"),
    );
  }
  const flags = u32(0x20);
  if (flags & ENCRYPTED_FL) throw unsupported(`inode ${raw.ino} is encrypted`);
  if (flags & COMPRESSED_FL) throw unsupported(`inode ${raw.ino} is compressed`);
  const extra = raw.bytes.length > OLD_SIZE ? u16(0x80) : 0;
  const epoch = extra >= 12 ? u32(0x88) & 3 : 0;
  return {
    ...{ raw, type, mode: u16(0x00) & 0o7777 },
    uid: u16(0x02) + u16(0x78) * 65536,
    gid: u16(0x18) + u16(0x7a) * 65536,
    // The low half is read as signed; the epoch says how often 2^32 seconds to add.
    mtime: view.getInt32(0x10, true) + epoch * 2 ** 32,
    links: u16(0x1a),
    size: u32(0x04) + u32(0x6c) * 2 ** 32,
    layout: flags & INLINE_FL ? "inline" : flags & EXTENTS_FL ? "extents" : "map",
    map: raw.bytes.subarray(MAP_OFFSET, MAP_OFFSET + 60),
    extraOffset: OLD_SIZE + extra,
    xattrBlock: u32(0x68) + u16(0x76) * 2 ** 32,
  };
}

/** Major and minor number of a device's inode, in the old encoding or the new one. */
export function deviceOf({ map }: Ext4Inode): { readonly major: number; readonly minor: number } {
  const view = viewOf(map);
  const [old, wide] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (old !== 0) return { major: old >> 8 & 0xff, minor: old & 0xff };
  return { major: wide >>> 8 & 0xfff, minor: wide & 0xff | wide >>> 12 & 0xfff00 };
}
