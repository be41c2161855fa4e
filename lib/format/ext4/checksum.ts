import { crc32c } from "../crc.ts";

/**
 * CRC-32C as `metadata_csum` uses it: the register itself, neither preset nor inverted, so that
 * a value is both a result and the seed of what follows (Documentation/filesystems/ext4/checksums.rst).
 */
export function checksum(seed: number, bytes: Uint8Array): number {
  return ~crc32c(bytes, ~seed) >>> 0;
}

/** {@linkcode checksum} of a number as 4 little-endian bytes. */
export function checksumOfNumber(seed: number, value: number): number {
  return checksum(seed, new Uint8Array(new Uint32Array([value]).buffer));
}

/** The seed of all checksums of a file system. */
export function fileSystemSeed(uuid: Uint8Array): number {
  return checksum(0xffffffff, uuid);
}

/**
 * The seed for what belongs to an inode: its record, its directory and extent blocks.
 * @param generation 0 in all inodes that are written here
 */
export function inodeSeed(seed: number, ino: number, generation = 0): number {
  return checksumOfNumber(checksumOfNumber(seed, ino), generation);
}
