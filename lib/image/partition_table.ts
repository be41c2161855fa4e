import type { ByteSource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { GPT_TYPE } from "../format/gpt.ts";
import { readGpt } from "../format/gpt_reader.ts";
import { MBR_TYPE } from "../format/mbr.ts";
import { readMbr } from "../format/mbr_reader.ts";

/** A partition of an image, by whichever table lists it. */
export interface Partition {
  /** As Linux counts: from 1, logical ones of an MBR from 5. */
  readonly number: number;
  /** Of a GPT; "" where it has none. */
  readonly name: string;
  /** A UUID of a GPT, two hexadecimal digits of an MBR. */
  readonly type: string;
  /** In bytes. */
  readonly start: number;
  readonly size: number;
}

export interface PartitionTable {
  readonly kind: "gpt" | "mbr";
  readonly partitions: readonly Partition[];
  /** Why it is read from its copy at the disk's end, where it is. */
  readonly damage?: string;
}

/**
 * Reads the partition table of a disk; undefined where it has none. A GPT counts, whatever the MBR
 * before it lists.
 *
 * @throws {TowerError} `malformed`
 */
export function readPartitions(disk: ByteSource): PartitionTable | undefined {
  const gpt = readGpt(disk);
  if (gpt !== undefined) {
    const partitions = gpt.partitions.map(({ number, name, type, start, size }) => ({
      ...{ number, name, type, start, size },
    }));
    const { damage } = gpt;
    return { kind: "gpt", partitions, ...(damage === undefined ? {} : { damage }) };
  }
  const mbr = readMbr(disk);
  if (mbr === undefined) return undefined;
  if (mbr.every(({ type }) => type === MBR_TYPE.gptProtective)) {
    throw new TowerError(
      "malformed",
      "Cannot read the partition table: its GPT is damaged or cut off",
    );
  }
  const partitions = mbr.map(({ number, type, start, size }) => ({
    ...{ number, name: "", type: type.toString(16).padStart(2, "0"), start, size },
  }));
  return { kind: "mbr", partitions };
}

/** Types that people know by a name. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(GPT_TYPE).map(([name, type]) => [type, dashed(name)])),
  ...Object.fromEntries(
    Object.entries(MBR_TYPE).map((
      [name, type],
    ) => [type.toString(16).padStart(2, "0"), dashed(name)]),
  ),
};

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What a partition's type is called, or its number where it has no name here. */
export function typeName({ type }: Partition): string {
  return TYPE_NAMES[type] ?? type;
}

/**
 * The partition that a user names: by its number, or the name that a GPT gives it.
 * @throws {TowerError} `not-found`, `conflict` for a name of several
 */
export function findPartition({ partitions }: PartitionTable, asked: string): Partition {
  const found = /^[0-9]+$/.test(asked)
    ? partitions.filter(({ number }) => number === Number(asked))
    : partitions.filter(({ name }) => name === asked);
  const [partition, ...others] = found;
  const hint = `its partitions are ${listed(partitions)}`;
  if (partition === undefined) {
    throw new TowerError("not-found", `Cannot find partition "${asked}": it is not there`, {
      hint,
    });
  }
  if (others.length === 0) return partition;
  const message = `Cannot find partition "${asked}": ${found.length} have this name`;
  throw new TowerError("conflict", message, { hint });
}

/** Partitions as a hint names them. */
export function listed(partitions: readonly Partition[]): string {
  return partitions.map(({ number, name }) => name === "" ? `${number}` : `${number} ("${name}")`)
    .join(", ") || "none";
}
