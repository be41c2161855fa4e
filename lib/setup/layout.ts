import { TowerError } from "../errors.ts";
import {
  GPT_HEAD_SECTORS,
  GPT_TAIL_SECTORS,
  GPT_TYPE,
  type GptFlag,
  type GptPartition,
} from "../format/gpt.ts";
import type { Uuid } from "../format/uuid.ts";
import { formatBytes } from "../report/quantity.ts";

const SECTOR = 512;
const MIB = 1 << 20;
const GIB = 1 << 30;
/** Room for the programs of both slots, and their successors. */
const ESP = 256 * MIB;
/** A slot takes a root twice as large as today's. */
const LEAST_ROOT = 2 * GIB;
const LEAST_DATA = GIB;

/** Partitions of a thin client's disk, in their order. */
export const PARTITIONS = ["esp", "root-a", "verity-a", "root-b", "verity-b", "data"] as const;
export type PartitionName = (typeof PARTITIONS)[number];

/** A partition by its place. Its number is that in the order, from 1. */
export interface Place {
  readonly name: PartitionName;
  /** In bytes. */
  readonly start: number;
  readonly size: number;
}

export type DiskLayout = Readonly<Record<PartitionName, Place>>;

/**
 * Where everything lies on a disk of `size` bytes.
 * @param rootSize bytes of the root
 * @throws {TowerError} `no-space`
 */
export function layoutOf(size: number, rootSize: number): DiskLayout {
  const root = Math.max(LEAST_ROOT, whole(2 * rootSize, GIB));
  // A hash tree is 0.8 % of its data, and its superblock.
  const verity = whole(root / 100, MIB);
  const end = Math.floor((size - GPT_TAIL_SECTORS * SECTOR) / MIB) * MIB;
  const first = whole(GPT_HEAD_SECTORS * SECTOR, MIB);
  const fixed = first + ESP + 2 * (root + verity);
  if (end - fixed < LEAST_DATA) {
    const least = formatBytes(fixed + LEAST_DATA + MIB);
    throw new TowerError(
      "no-space",
      `Cannot use a disk of ${formatBytes(size)}: two systems and a home need ${least}`,
    );
  }
  const sizes: Record<PartitionName, number> = {
    ...{ esp: ESP, "root-a": root, "verity-a": verity, "root-b": root, "verity-b": verity },
    data: end - fixed,
  };
  let start = first;
  const places = PARTITIONS.map((name): [PartitionName, Place] => {
    const place = { name, start, size: sizes[name] };
    start += sizes[name];
    return [name, place];
  });
  return Object.fromEntries(places) as Record<PartitionName, Place>;
}

function whole(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

const TYPES: Record<PartitionName, Uuid> = {
  esp: GPT_TYPE.efiSystem,
  "root-a": GPT_TYPE.rootX86_64,
  "verity-a": GPT_TYPE.linux,
  "root-b": GPT_TYPE.rootX86_64,
  "verity-b": GPT_TYPE.linux,
  data: GPT_TYPE.linux,
};

/** The partitions as a table lists them. @param guid makes one that nobody has */
export function tableOf(layout: DiskLayout, guid: () => Uuid): GptPartition[] {
  return PARTITIONS.map((name) => {
    const isSlot = name !== "esp" && name !== "data";
    const flags: GptFlag[] = isSlot ? ["read-only", "no-auto"] : [];
    const { start, size } = layout[name];
    return {
      ...{ name, type: TYPES[name], guid: guid(), flags },
      ...{ firstSector: start / SECTOR, sectors: size / SECTOR },
    };
  });
}
