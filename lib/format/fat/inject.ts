import { TowerError } from "../../errors.ts";
import { type ByteSink, type ByteSource, readExactly } from "../../bytes/bytes.ts";
import {
  ATTRIBUTE,
  encodeDirectory,
  FREE_SLOT,
  LONG_NAME,
  SLOT,
  UNIT_OFFSETS,
} from "./directory.ts";
import { SECTOR, TABLES } from "./geometry.ts";
import { clusterSector } from "./layout.ts";
import { aliasNames, shortChecksum, slotsOf } from "./name.ts";
import {
  chainOf,
  countFree,
  type FatVolume,
  freeClusters,
  FSINFO_OFFSETS,
  readVolume,
  rootSectors,
  setTableEntry,
} from "./volume.ts";

/** A file for the root directory of a volume. */
export interface RootFile {
  /** At most 255 characters; no path. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Seconds since 1970. */
  readonly mtime: number;
}

const END = 0x0fffffff;
/** Offset in FSInfo of the count of free clusters. */
const FSINFO_FREE = 488;

/** A slot of a directory: where it lies, and what it says. */
export interface Slot {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** An entry of a directory with the slots it takes. */
export interface Used {
  readonly name: string;
  readonly short: string;
  readonly isDirectory: boolean;
  readonly cluster: number;
  readonly slots: readonly Slot[];
}

/**
 * Puts a file into the root directory of an existing FAT volume, without mounting it. A file that
 * has the name already is replaced.
 *
 * @param volume Offsets start at the volume's first byte.
 * @throws {TowerError} `no-space` where clusters or slots are missing, `malformed` for a volume
 * that is none, `conflict` for a directory of that name, `unsupported` for a name FAT cannot hold.
 */
export function putRootFile(volume: ByteSource & ByteSink, file: RootFile): void {
  const fat = readVolume(volume);
  const slots = slotsIn(volume, rootSectors(fat));
  const entries = entriesOf(slots);
  const old = entries.find((entry) => sameName(entry, file.name));
  if (old?.isDirectory) {
    throw new TowerError("conflict", `Cannot write "${file.name}": it is a directory`);
  }
  const others = entries.filter((entry) => entry !== old).map((entry) => spelled(entry.short));
  const name = aliasNames([...others, file.name], "").at(-1)!;
  // What the old file held is free only now, but is not written to: it stays whole until the end.
  const { clusters, spare } = allocate(fat, file);
  const records = encodeDirectory([{
    name,
    attributes: ATTRIBUTE.archive,
    cluster: clusters[0] ?? 0,
    size: file.bytes.length,
    mtime: file.mtime,
  }]);
  const leaving = new Set(old?.slots);
  let room = findRoom(slots, slotsOf(name), leaving);
  if (room.length === 0 && spare !== undefined) {
    room = findRoom([...slots, ...grownBy(fat, spare)], slotsOf(name), leaving);
    if (room.length > 0) {
      const last = chainOf(fat, fat.rootCluster).at(-1)!;
      setTableEntry(fat, last, spare);
      setTableEntry(fat, spare, END);
      volume.writeAt(clusterSector(fat.geometry, spare) * SECTOR, new Uint8Array(clusterSize(fat)));
    }
  }
  if (room.length === 0) throw noSpace(file.name, "the root directory is full");
  clusters.forEach((cluster, i) => setTableEntry(fat, cluster, clusters[i + 1] ?? END));
  if (old && old.cluster !== 0) {
    for (const cluster of chainOf(fat, old.cluster)) setTableEntry(fat, cluster, 0);
  }
  writeContents(volume, fat, clusters, file.bytes);
  writeTables(volume, fat);
  for (const { offset } of old?.slots ?? []) volume.writeAt(offset, Uint8Array.of(FREE_SLOT));
  room.forEach(({ offset }, i) =>
    volume.writeAt(offset, records.subarray(i * SLOT, (i + 1) * SLOT))
  );
}

/** The slots of the sectors that hold a directory. */
export function slotsIn(volume: ByteSource, sectors: readonly number[]): Slot[] {
  return sectors.flatMap((sector) => {
    const bytes = readExactly(volume, sector, SECTOR);
    return Array.from({ length: SECTOR / SLOT }, (_, i) => ({
      offset: sector + i * SLOT,
      bytes: bytes.subarray(i * SLOT, (i + 1) * SLOT),
    }));
  });
}

/** The entries of a directory; 0 in a slot's first byte ends it (§6.1). */
export function entriesOf(slots: readonly Slot[]): Used[] {
  const entries: Used[] = [];
  let long: Slot[] = [];
  for (const slot of slots) {
    const { bytes } = slot;
    if (bytes[0] === 0) break;
    if (bytes[0] === FREE_SLOT) long = [];
    else if (bytes[11] === LONG_NAME) long.push(slot);
    else {
      if ((bytes[11]! & ATTRIBUTE.label) === 0) entries.push(entryOf(slot, long));
      long = [];
    }
  }
  return entries;
}

function entryOf(slot: Slot, long: readonly Slot[]): Used {
  const { bytes } = slot;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SLOT);
  const short = String.fromCharCode(...bytes.subarray(0, 11));
  const sum = shortChecksum(short);
  // Slots of another alias are what a system without long names left behind.
  const own = long.filter((l) => l.bytes[13] === sum);
  return {
    name: own.length > 0 ? longName(own) : spelled(short),
    short,
    isDirectory: (bytes[11]! & ATTRIBUTE.directory) !== 0,
    cluster: view.getUint16(20, true) * 0x10000 + view.getUint16(26, true),
    slots: [...own, slot],
  };
}

/** The last part of a name stands first. */
function longName(slots: readonly Slot[]): string {
  const units = [...slots].reverse().flatMap(({ bytes }) =>
    UNIT_OFFSETS.map((at) => bytes[at]! | bytes[at + 1]! << 8)
  );
  const end = units.indexOf(0);
  return String.fromCharCode(...units.slice(0, end < 0 ? units.length : end));
}

function spelled(short: string): string {
  const base = short.slice(0, 8).trimEnd(), extension = short.slice(8).trimEnd();
  return extension === "" ? base : `${base}.${extension}`;
}

export function sameName(entry: Used, name: string): boolean {
  return [entry.name, spelled(entry.short)].some((n) => n.toUpperCase() === name.toUpperCase());
}

/** Clusters for a file, and one by which the root of a FAT32 volume can grow. */
function allocate(
  fat: FatVolume,
  { name, bytes }: RootFile,
): { clusters: number[]; spare: number | undefined } {
  const wanted = Math.ceil(bytes.length / clusterSize(fat));
  const free = freeClusters(fat, wanted + 1);
  if (free.length < wanted) {
    throw noSpace(name, `the volume has ${free.length} free clusters, it needs ${wanted}`);
  }
  return {
    clusters: free.slice(0, wanted),
    spare: fat.rootCluster === 0 ? undefined : free[wanted],
  };
}

function clusterSize({ geometry }: FatVolume): number {
  return geometry.sectorsPerCluster * SECTOR;
}

/** The slots, all free, of a cluster that the root grows by. */
function grownBy(fat: FatVolume, cluster: number): Slot[] {
  const first = clusterSector(fat.geometry, cluster) * SECTOR;
  return Array.from({ length: clusterSize(fat) / SLOT }, (_, i) => ({
    offset: first + i * SLOT,
    bytes: new Uint8Array(SLOT),
  }));
}

/** Slots in a row that are free, or become free because the old file goes; none if too few. */
function findRoom(
  slots: readonly Slot[],
  count: number,
  leaving: ReadonlySet<Slot>,
): readonly Slot[] {
  let run: Slot[] = [];
  for (const slot of slots) {
    const first = slot.bytes[0]!;
    run = first === 0 || first === FREE_SLOT || leaving.has(slot) ? [...run, slot] : [];
    if (run.length === count) return run;
  }
  return [];
}

function noSpace(name: string, cause: string): TowerError {
  return new TowerError("no-space", `Cannot put "${name}" on the FAT file system: ${cause}`);
}

function writeContents(
  sink: ByteSink,
  fat: FatVolume,
  clusters: readonly number[],
  bytes: Uint8Array,
): void {
  const size = clusterSize(fat);
  clusters.forEach((cluster, i) => {
    const whole = new Uint8Array(size);
    whole.set(bytes.subarray(i * size, (i + 1) * size));
    sink.writeAt(clusterSector(fat.geometry, cluster) * SECTOR, whole);
  });
}

function writeTables(volume: ByteSource & ByteSink, fat: FatVolume): void {
  const { geometry, table } = fat;
  for (let copy = 0; copy < TABLES; copy++) {
    volume.writeAt((geometry.reservedSectors + copy * geometry.tableSectors) * SECTOR, table);
  }
  if (geometry.type !== "fat32") return;
  const free = new Uint8Array(4);
  new DataView(free.buffer).setUint32(0, countFree(fat), true);
  for (const offset of FSINFO_OFFSETS) volume.writeAt(offset + FSINFO_FREE, free);
}
