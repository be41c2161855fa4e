/** Extended attributes, in the inode or in a block (Documentation/filesystems/ext4/attributes.rst). */
import { TowerError } from "../../errors.ts";
import { diskAcl } from "./acl.ts";
import { checksum } from "./checksum.ts";
import { BLOCK_SIZE, INODE_SIZE } from "./geometry.ts";

const MAGIC = 0xea020000;
const ENTRY = 16;
/** Four zero bytes end the list of entries. */
const TERMINATOR = 4;
const BLOCK_HEADER = 32;
/** What an inode has left after its 128 old bytes and 32 extra ones. */
export const INODE_AREA = INODE_SIZE - 128 - 32;

/** Prefixes that are stored as a number, and the names that stand alone. */
const WHOLE_NAMES = new Map([["system.posix_acl_access", 2], ["system.posix_acl_default", 3]]);
const PREFIXES = new Map([["user.", 1], ["trusted.", 4], ["security.", 6]]);

export type Xattrs = ReadonlyMap<string, Uint8Array>;
/** Where the attributes of an inode go. */
export type XattrPlace = "none" | "inode" | "block";

interface Attribute {
  readonly index: number;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Where the attributes of `path` go.
 * @throws {TowerError} `unsupported` for a name that ext4 cannot hold, or too many bytes.
 */
export function placeXattrs(path: string, xattrs: Xattrs | undefined): XattrPlace {
  if (!xattrs || xattrs.size === 0) return "none";
  const attributes = attributesOf(path, xattrs);
  const size = attributes.reduce((sum, a) => sum + entrySize(a) + padded(a.value), TERMINATOR);
  if (size <= INODE_AREA - 4) return "inode";
  if (size <= BLOCK_SIZE - BLOCK_HEADER) return "block";
  throw new TowerError(
    "unsupported",
    `Cannot store "/${path}" in ext4: its extended attributes take ${size} bytes of at most ${
      BLOCK_SIZE - BLOCK_HEADER
    }`,
  );
}

/** The attributes as they follow an inode: {@linkcode INODE_AREA} bytes. */
export function encodeInodeXattrs(path: string, xattrs: Xattrs): Uint8Array {
  const area = new Uint8Array(INODE_AREA);
  new DataView(area.buffer).setUint32(0, MAGIC, true);
  // Offsets count from the first entry, and the kernel leaves the hash of entries here 0.
  encodeEntries(area.subarray(4), 0, attributesOf(path, xattrs), () => 0);
  return area;
}

/**
 * The attributes as a block of their own.
 *
 * @param bytes 4096 zero bytes
 * @param block the block's number, which its checksum covers
 * @param seed the file system's seed
 */
export function encodeXattrBlock(
  bytes: Uint8Array,
  path: string,
  xattrs: Xattrs,
  block: number,
  seed: number,
): void {
  const attributes = attributesOf(path, xattrs);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, 1, true); // references
  view.setUint32(8, 1, true); // blocks
  const hashes = encodeEntries(bytes, BLOCK_HEADER, attributes, entryHash);
  // An entry whose hash is 0 marks a block that cannot be shared: its hash is 0 as well.
  const hash = hashes.includes(0) ? 0 : hashes.reduce((sum, h) => rotate(sum, 16) ^ h, 0) >>> 0;
  view.setUint32(12, hash, true);
  const number = new Uint8Array(8);
  new DataView(number.buffer).setUint32(0, block, true);
  view.setUint32(16, checksum(checksum(seed, number), bytes), true);
}

/** The attributes in the order of the kernel's search: index, length of name, name. */
function attributesOf(path: string, xattrs: Xattrs): Attribute[] {
  return [...xattrs].map(([name, value]) => attributeOf(path, name, value)).sort((a, b) =>
    a.index - b.index || a.name.length - b.name.length || compare(a.name, b.name)
  );
}

function attributeOf(path: string, fullName: string, value: Uint8Array): Attribute {
  const refuse = (why: string) =>
    new TowerError(
      "unsupported",
      `Cannot store extended attribute "${fullName}" of "/${path}" in ext4: ${why}`,
    );
  const whole = WHOLE_NAMES.get(fullName);
  if (whole !== undefined) {
    const acl = diskAcl(value);
    if (!acl) throw refuse("the value is no access control list");
    return { index: whole, name: new Uint8Array(), value: acl };
  }
  const prefix = fullName.slice(0, fullName.indexOf(".") + 1);
  const index = PREFIXES.get(prefix);
  if (index === undefined) throw refuse("the name has no prefix of user, trusted or security");
  const name = new TextEncoder().encode(fullName.slice(prefix.length));
  if (name.length === 0 || name.length > 255) throw refuse("the name has not 1 to 255 bytes");
  return { index, name, value };
}

/**
 * Writes entries from `start` on and their values from the end of `area` down.
 * Offsets of values count from the start of `area`. Returns the hashes.
 */
function encodeEntries(
  area: Uint8Array,
  start: number,
  attributes: readonly Attribute[],
  hashOf: (name: Uint8Array, paddedValue: Uint8Array) => number,
): number[] {
  const view = new DataView(area.buffer, area.byteOffset, area.length);
  let at = start, valueAt = area.length;
  return attributes.map((attribute) => {
    const { index, name, value } = attribute;
    valueAt -= padded(value);
    area.set(value, valueAt);
    const hash = hashOf(name, area.subarray(valueAt, valueAt + padded(value)));
    view.setUint8(at, name.length);
    view.setUint8(at + 1, index);
    view.setUint16(at + 2, value.length === 0 ? 0 : valueAt, true);
    view.setUint32(at + 8, value.length, true);
    view.setUint32(at + 12, hash, true);
    area.set(name, at + ENTRY);
    at += entrySize(attribute);
    return hash;
  });
}

/** The hash of an entry, by which the kernel finds blocks that inodes can share. */
function entryHash(name: Uint8Array, paddedValue: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = rotate(hash, 5) ^ byte;
  const words = new DataView(paddedValue.buffer, paddedValue.byteOffset, paddedValue.length);
  for (let at = 0; at < paddedValue.length; at += 4) {
    hash = rotate(hash, 16) ^ words.getUint32(at, true);
  }
  return hash >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function entrySize(attribute: Attribute): number {
  return ENTRY + padded(attribute.name);
}

function padded(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / 4) * 4;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const i = a.findIndex((byte, at) => byte !== b[at]);
  return i < 0 ? 0 : a[i]! - b[i]!;
}
