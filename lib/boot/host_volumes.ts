import { TowerError } from "../errors.ts";
import { type ByteSink, type ByteSource, readExactly } from "../bytes/bytes.ts";
import { SECTOR } from "../format/fat/geometry.ts";
import { putRootFile, type RootFile } from "../format/fat/inject.ts";
import { decodePartitions, MBR_TYPE } from "../format/mbr.ts";
import type { RecordedPartition } from "../release/recorded_partition.ts";

const { fat12, fat16, fat32, efiSystem, gptProtective, linux } = MBR_TYPE;
const FAT_TYPES: readonly number[] = [fat12, fat16, fat32, efiSystem];

/** A disk, or an image of one, that can be changed in place. */
export type Disk = ByteSource & ByteSink;

/** The file systems of a host on its disk. */
export interface HostVolumes {
  /** What firmware starts from: files for the host go into its root. */
  readonly boot: Disk;
  /** Undefined where there is none that is known. */
  readonly root: Disk | undefined;
}

/** Where a file system lies, in bytes. */
type Place = Pick<RecordedPartition, "offset" | "size">;
/** Where those of a host lie. */
interface Places {
  readonly boot: Place;
  readonly root: Place | undefined;
}

/**
 * Finds the file systems of a host: where the record of its image has them, and without one by an MBR,
 * whose first partition is a FAT one, and whose second is the root.
 *
 * @param partitions as the record tells them
 * @throws {TowerError} `malformed` or `unsupported` for a disk without a boot partition.
 */
export function hostVolumes(
  disk: Disk,
  partitions: readonly RecordedPartition[] | undefined,
): HostVolumes {
  const { boot, root } = partitions ? placesInRecord(partitions) : placesInTable(disk);
  if (boot.offset + boot.size > disk.size) {
    throw new TowerError("malformed", "Cannot use the boot partition: the disk ends before it");
  }
  const isThere = root !== undefined && root.offset + root.size <= disk.size;
  return { boot: partOf(disk, boot), root: isThere ? partOf(disk, root) : undefined };
}

function placesInRecord(partitions: readonly RecordedPartition[]): Places {
  const holderOf = (wanted: string, kind: string) =>
    partitions.find(({ folder, tree, content }) =>
      folder === wanted && tree === undefined && content === kind
    );
  const boot = holderOf("/boot", "fat");
  if (boot) return { boot, root: holderOf("/", "ext4") };
  throw new TowerError(
    "unsupported",
    "Cannot find a boot partition: the image's record has no FAT partition that holds /boot",
  );
}

function placesInTable(disk: ByteSource): Places {
  if (disk.size < SECTOR) throw new TowerError("malformed", "Cannot find a partition: no sector");
  const [first, second] = decodePartitions(readExactly(disk, 0, SECTOR));
  if (first?.type === gptProtective) {
    throw new TowerError(
      "unsupported",
      "Cannot find a boot partition: the disk has a GPT, and no record of its image is beside it",
      { hint: "tower-build writes record.json beside an image; --image names the image" },
    );
  }
  if (!first || !FAT_TYPES.includes(first.type)) {
    throw new TowerError(
      "unsupported",
      "Cannot find a boot partition: the disk's first partition is no FAT of an MBR",
    );
  }
  const placed = ({ firstSector, sectors }: typeof first) => ({
    ...{ offset: firstSector * SECTOR, size: sectors * SECTOR },
  });
  return { boot: placed(first), root: second?.type === linux ? placed(second) : undefined };
}

function partOf(disk: Disk, { offset: base, size }: Place): Disk {
  return {
    size,
    readAt: (offset, into) =>
      disk.readAt(base + offset, into.subarray(0, Math.max(0, size - offset))),
    writeAt: (offset, bytes) => disk.writeAt(base + offset, bytes),
  };
}

/**
 * Whether a disk would take these files on its boot partition; nothing is written to it.
 * @throws {TowerError} as {@linkcode hostVolumes} and {@linkcode putRootFile}; {RangeError} where `disk`
 * ends before it can tell.
 */
export function requireBootRoom(
  disk: ByteSource,
  partitions: readonly RecordedPartition[] | undefined,
  files: readonly RootFile[],
): void {
  const { boot } = hostVolumes(trialDisk(disk), partitions);
  for (const file of files) putRootFile(boot, file);
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
