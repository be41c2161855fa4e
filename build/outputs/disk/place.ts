import { SECTOR } from "../../../lib/format/fat/geometry.ts";

/** Partitions start at a multiple of this many bytes, as all current tools do. */
export const PARTITION_ALIGNMENT = 1 << 20;

/** Where a partition lies, in sectors of 512 bytes. */
export interface Placement {
  readonly firstSector: number;
  readonly sectors: number;
}

export interface DiskLayout {
  /** Bytes of the whole disk. */
  readonly size: number;
  readonly placements: readonly Placement[];
}

/**
 * Puts partitions behind each other; a GPT keeps room for its backup at the end.
 *
 * @param sizes in bytes
 */
export function placePartitions(table: "mbr" | "gpt", sizes: readonly number[]): DiskLayout {
  let end = PARTITION_ALIGNMENT;
  const placements = sizes.map((size) => {
    const firstSector = end / SECTOR;
    end = alignedUp(end + size, PARTITION_ALIGNMENT);
    return { firstSector, sectors: size / SECTOR };
  });
  return { size: table === "gpt" ? end + PARTITION_ALIGNMENT : end, placements };
}

function alignedUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
