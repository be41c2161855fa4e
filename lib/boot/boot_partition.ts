import { TowerError } from "../errors.ts";
import { type ByteSink, type ByteSource, readExactly } from "../bytes/bytes.ts";
import { SECTOR } from "../format/fat/geometry.ts";
import { putRootFile, type RootFile } from "../format/fat/inject.ts";
import { decodePartitions, MBR_TYPE, type MbrPartition } from "../format/mbr.ts";

const { fat12, fat16, fat32, efiSystem } = MBR_TYPE;
const FAT_TYPES: readonly number[] = [fat12, fat16, fat32, efiSystem];

/** A disk, or an image of one, that can be changed in place. */
export type Disk = ByteSource & ByteSink;

/**
 * The boot partition of a disk: the first partition of an MBR, which must be a FAT one.
 * @throws {TowerError} `malformed` or `unsupported` for a disk that has none.
 */
export function bootPartition(disk: Disk): Disk {
  const [first] = partitionsOf(disk);
  if (first?.type === MBR_TYPE.gptProtective) {
    throw new TowerError(
      "unsupported",
      "Cannot find a boot partition: the disk has a GPT, and a host's an MBR",
      { hint: "Build the image with table: mbr, as the system host is" },
    );
  }
  if (!first || !FAT_TYPES.includes(first.type)) {
    throw new TowerError(
      "unsupported",
      "Cannot find a boot partition: the disk's first partition is no FAT of an MBR",
    );
  }
  if (endOf(first) > disk.size) {
    throw new TowerError("malformed", "Cannot use the boot partition: the disk ends before it");
  }
  return partOf(disk, first);
}

/** The root partition of a disk: the second one of an MBR; undefined where there is none. */
export function rootPartition(disk: Disk): Disk | undefined {
  const second = partitionsOf(disk)[1];
  return second?.type === MBR_TYPE.linux && endOf(second) <= disk.size
    ? partOf(disk, second)
    : undefined;
}

function partitionsOf(disk: ByteSource): MbrPartition[] {
  if (disk.size < SECTOR) throw new TowerError("malformed", "Cannot find a partition: no sector");
  return decodePartitions(readExactly(disk, 0, SECTOR));
}

function endOf({ firstSector, sectors }: MbrPartition): number {
  return (firstSector + sectors) * SECTOR;
}

function partOf(disk: Disk, { firstSector, sectors }: MbrPartition): Disk {
  const base = firstSector * SECTOR;
  const size = sectors * SECTOR;
  return {
    size,
    readAt: (offset, into) =>
      disk.readAt(base + offset, into.subarray(0, Math.max(0, size - offset))),
    writeAt: (offset, bytes) => disk.writeAt(base + offset, bytes),
  };
}

/**
 * Puts a file into the root of a disk's boot partition: how a host gets its tower.env.
 * @throws {TowerError} as {@linkcode bootPartition} and {@linkcode putRootFile}.
 */
export function putBootFile(disk: Disk, file: RootFile): void {
  putRootFile(bootPartition(disk), file);
}

/**
 * Whether a disk would take these files on its boot partition; nothing is written to it.
 * @throws {TowerError} as {@linkcode putBootFile}; {RangeError} where `disk` ends before it can tell.
 */
export function requireBootRoom(disk: ByteSource, files: readonly RootFile[]): void {
  const trial = trialDisk(disk);
  for (const file of files) putBootFile(trial, file);
}

/** A disk whose changes stay in memory. */
function trialDisk(disk: ByteSource): Disk {
  const changes: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  return {
    size: disk.size,
    readAt(at, into) {
      const n = disk.readAt(at, into);
      for (const { offset, bytes } of changes) {
        const [from, to] = [Math.max(at, offset), Math.min(at + n, offset + bytes.length)];
        if (from < to) into.set(bytes.subarray(from - offset, to - offset), from - at);
      }
      return n;
    },
    writeAt: (offset, bytes) => void changes.push({ offset, bytes: bytes.slice() }),
  };
}
