import { type ByteSink, type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { formatUuid, type Uuid, uuidBytes } from "../uuid.ts";
import { checksum, fileSystemSeed } from "./checksum.ts";
import { SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE } from "./superblock.ts";

/** Where fields of the superblock stand (Documentation/filesystems/ext4/super.rst). */
const AT = {
  magic: 0x38,
  incompatible: 0x60,
  readOnlyCompatible: 0x64,
  uuid: 0x68,
  seed: 0x270,
  sum: 0x3fc,
} as const;
const MAGIC = 0xef53;
const METADATA_CSUM = 0x400;
/** The seed of checksums stands in the superblock (Linux 4.4, e2fsprogs 1.43). */
const CSUM_SEED = 0x2000;

/** The UUID of an ext2, ext3 or ext4 file system, or undefined for what is none. */
export function uuidOfExt4(volume: ByteSource): Uuid | undefined {
  const superblock = read(volume);
  return superblock && formatUuid(superblock.subarray(AT.uuid, AT.uuid + 16));
}

/**
 * Gives a file system that is not mounted another UUID, by one write of its superblock. Its
 * checksums go on being made from the first UUID, which then stands there as their seed: that is what
 * `tune2fs -O metadata_csum_seed -U` does. Copies of the superblock keep the first one; fsck and
 * growing bring them up to date.
 *
 * @throws {RangeError} for what is no such file system.
 */
export function setUuidOfExt4(volume: ByteSource & ByteSink, uuid: Uuid): void {
  const bytes = read(volume);
  if (!bytes) throw new RangeError("This is no ext4 file system");
  const view = new DataView(bytes.buffer);
  const hasSums = (view.getUint32(AT.readOnlyCompatible, true) & METADATA_CSUM) !== 0;
  const incompatible = view.getUint32(AT.incompatible, true);
  if (hasSums && (incompatible & CSUM_SEED) === 0) {
    view.setUint32(AT.incompatible, incompatible | CSUM_SEED, true);
    view.setUint32(AT.seed, fileSystemSeed(bytes.subarray(AT.uuid, AT.uuid + 16)), true);
  }
  bytes.set(uuidBytes(uuid), AT.uuid);
  if (hasSums) view.setUint32(AT.sum, checksum(0xffffffff, bytes.subarray(0, AT.sum)), true);
  volume.writeAt(SUPERBLOCK_OFFSET, bytes);
}

function read(volume: ByteSource): Uint8Array<ArrayBuffer> | undefined {
  if (volume.size < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) return undefined;
  const bytes = new Uint8Array(readExactly(volume, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE));
  return new DataView(bytes.buffer).getUint16(AT.magic, true) === MAGIC ? bytes : undefined;
}
