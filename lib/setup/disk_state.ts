import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { listed, readPartitions } from "../image/partition_table.ts";
import { volumeFormat } from "../image/volume.ts";

const MIB = 1 << 20;
const SECTOR = 512;

/**
 * Marks a disk that a setup has begun to write: the last sector before the first partition, which no table
 * and no loader uses. It stays; the setup is over once the boot partition has its first sector.
 */
export const MARK_AT = MIB - SECTOR;
/** Where the boot partition begins, and how much of it is written last of all. */
export const BOOT_AT = MIB;
export const BOOT_HEAD = 4096;
const MARK = "tower setup of a thin client\n";

/** The sector that says so. */
export function mark(): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  bytes.set(new TextEncoder().encode(MARK));
  return bytes;
}

/** What is on a disk. One that was begun holds nothing of anybody's. */
export type DiskState =
  | { readonly kind: "empty" }
  | { readonly kind: "begun" }
  | { readonly kind: "used"; readonly what: string };

/** Tells what is on a disk of at least 2 MiB, by its beginning and its end. */
export function diskState(disk: ByteSource): DiskState {
  const head = readExactly(disk, 0, BOOT_AT + BOOT_HEAD);
  const isMarked = head.subarray(MARK_AT, BOOT_AT).every((byte, i) => byte === mark()[i]);
  if (isMarked && isZero(head.subarray(BOOT_AT))) return { kind: "begun" };
  const tail = readExactly(disk, disk.size - MIB, MIB);
  if (isZero(head) && isZero(tail)) return { kind: "empty" };
  return { kind: "used", what: described(disk, head) };
}

function described(disk: ByteSource, head: Uint8Array): string {
  if (new TextDecoder("latin1").decode(head.subarray(0, 4)) === "LUKS") return "an encrypted disk";
  try {
    const table = readPartitions(disk);
    if (table !== undefined) {
      const { kind, partitions } = table;
      return `a partition table (${kind.toUpperCase()}) with partitions ${listed(partitions)}`;
    }
    const format = volumeFormat(disk);
    return format === undefined ? "something that is not known here" : `a volume (${format})`;
  } catch (error) {
    if (!(error instanceof TowerError || error instanceof RangeError)) throw error;
    return "a damaged partition table";
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
