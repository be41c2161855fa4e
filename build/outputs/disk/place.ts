import { TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";

/** Partitions start at a multiple of this many bytes, as all current tools do. */
export const PARTITION_ALIGNMENT = 1 << 20;
/** Where a table's numbers end: those of an MBR have 32 bits of sectors, a GPT's more than are exact. */
export const MOST_BYTES = { mbr: 2 ** 32 * SECTOR, gpt: 2 ** 53 } as const;

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

/** A partition before it has a place. */
export interface Unplaced {
  readonly name: string;
  /** Bytes, a multiple of 512. */
  readonly size: number;
  /** Bytes of which its start is a multiple. */
  readonly align: number;
}

/**
 * Puts partitions behind each other; a GPT keeps room for its backup at the end.
 *
 * @throws {TowerError} `limit` for one that the table has no numbers for
 */
export function placePartitions(
  table: "mbr" | "gpt",
  partitions: readonly Unplaced[],
): DiskLayout {
  let end = PARTITION_ALIGNMENT;
  const placements = partitions.map(({ name, size, align }, i) => {
    const start = alignedUp(end, align);
    end = start + size;
    if (table === "mbr" && end > MOST_BYTES.mbr) {
      throw tooFar(name, i, "it ends past 2 TiB, where an MBR ends", "A GPT has no such limit");
    }
    if (!Number.isSafeInteger(end + 3 * PARTITION_ALIGNMENT)) {
      throw tooFar(name, i, "it ends past 8 PiB, where exact numbers end");
    }
    return { firstSector: start / SECTOR, sectors: size / SECTOR };
  });
  end = alignedUp(end, PARTITION_ALIGNMENT);
  return { size: table === "gpt" ? end + PARTITION_ALIGNMENT : end, placements };
}

function tooFar(name: string, number: number, cause: string, hint?: string): TowerError {
  return new TowerError("limit", `Cannot place partition "${name}": ${cause}`, {
    ...(hint === undefined ? {} : { hint }),
    at: ["partitions", number],
  });
}

function alignedUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
