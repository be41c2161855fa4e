import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { BACKUP_SECTOR, FSINFO_SECTOR } from "./boot_sector.ts";
import { SLOT } from "./directory.ts";
import { clusterSector } from "./layout.ts";
import { entryBits, type FatGeometry, type FatType, SECTOR, TABLES } from "./geometry.ts";

/** Largest table that is read: that of a FAT32 volume of 128 GiB with clusters of 4 KiB. */
const LARGEST_TABLE = 128 << 20;

/** An existing volume: its geometry and one copy of its table. */
export interface FatVolume {
  readonly geometry: FatGeometry;
  /** The allocation table, as many bytes as it has. */
  readonly table: Uint8Array;
  /** First cluster of the root directory; 0 on FAT12 and FAT16, where it has sectors of its own. */
  readonly rootCluster: number;
}

/**
 * Reads what a FAT volume says of itself (Microsoft FAT specification, §3).
 * @throws {TowerError} `malformed` where that is no volume of 512-byte sectors and two tables.
 */
export function readVolume(source: ByteSource): FatVolume {
  if (source.size < SECTOR) throw malformed("it is shorter than a sector");
  const boot = readExactly(source, 0, SECTOR);
  const view = new DataView(boot.buffer);
  if (view.getUint16(510, true) !== 0xaa55) throw malformed("it has no boot sector");
  if (view.getUint16(11, true) !== SECTOR) throw malformed("its sectors are not of 512 bytes");
  if (boot[16] !== TABLES) throw malformed("it has not two tables");
  const geometry = geometryOf(view);
  const tableBytes = geometry.tableSectors * SECTOR;
  if (
    tableBytes > LARGEST_TABLE ||
    Math.ceil((geometry.clusters + 2) * entryBits(geometry.type) / 8) > tableBytes
  ) throw malformed("its table has a wrong size");
  if (geometry.sectors * SECTOR > source.size) throw malformed("it is cut off");
  return {
    geometry,
    table: readExactly(source, geometry.reservedSectors * SECTOR, tableBytes),
    rootCluster: geometry.type === "fat32" ? view.getUint32(44, true) : 0,
  };
}

function geometryOf(view: DataView): FatGeometry {
  const sectorsPerCluster = view.getUint8(13);
  const reservedSectors = view.getUint16(14, true);
  const rootSlots = view.getUint16(17, true);
  const sectors = view.getUint16(19, true) || view.getUint32(32, true);
  const tableSectors = view.getUint16(22, true) || view.getUint32(36, true);
  const powers = [1, 2, 4, 8, 16, 32, 64, 128];
  const rootSectors = Math.ceil(rootSlots * SLOT / SECTOR);
  const dataSector = reservedSectors + TABLES * tableSectors + rootSectors;
  if (
    !powers.includes(sectorsPerCluster) || reservedSectors === 0 || tableSectors === 0 ||
    dataSector >= sectors
  ) throw malformed("its boot sector contradicts itself");
  const clusters = Math.floor((sectors - dataSector) / sectorsPerCluster);
  const type: FatType = clusters < 4085 ? "fat12" : clusters < 65525 ? "fat16" : "fat32";
  if ((type === "fat32") !== (rootSlots === 0)) {
    throw malformed("its boot sector contradicts itself");
  }
  return {
    type,
    sectors,
    sectorsPerCluster,
    reservedSectors,
    tableSectors,
    rootSlots,
    dataSector,
    clusters,
  };
}

/** The table's entry of a cluster. */
export function tableEntry({ table, geometry }: FatVolume, cluster: number): number {
  if (geometry.type === "fat12") {
    const at = cluster + (cluster >> 1);
    const pair = table[at]! | table[at + 1]! << 8;
    return cluster & 1 ? pair >> 4 : pair & 0xfff;
  }
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return geometry.type === "fat16"
    ? view.getUint16(2 * cluster, true)
    : view.getUint32(4 * cluster, true) & 0x0fffffff;
}

/** Changes the table's entry of a cluster in memory; FAT32's four upper bits stay. */
export function setTableEntry({ table, geometry }: FatVolume, cluster: number, value: number) {
  if (geometry.type === "fat12") {
    const at = cluster + (cluster >> 1);
    const pair = table[at]! | table[at + 1]! << 8;
    const next = cluster & 1 ? pair & 0xf | (value & 0xfff) << 4 : pair & 0xf000 | value & 0xfff;
    table[at] = next & 0xff;
    table[at + 1] = next >> 8;
    return;
  }
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  if (geometry.type === "fat16") view.setUint16(2 * cluster, value & 0xffff, true);
  else {
    const kept = view.getUint32(4 * cluster, true) & 0xf0000000;
    view.setUint32(4 * cluster, (kept | value & 0x0fffffff) >>> 0, true);
  }
}

/**
 * The clusters of a chain, in order.
 * @throws {TowerError} `malformed` for a chain that leaves the volume or runs in a circle.
 */
export function chainOf(volume: FatVolume, first: number): number[] {
  const { geometry } = volume;
  const end = { fat12: 0xff8, fat16: 0xfff8, fat32: 0x0ffffff8 }[geometry.type];
  const chain: number[] = [];
  for (let cluster = first; cluster < end; cluster = tableEntry(volume, cluster)) {
    if (cluster < 2 || cluster >= geometry.clusters + 2 || chain.length >= geometry.clusters) {
      throw malformed("a chain of its table leads nowhere");
    }
    chain.push(cluster);
  }
  return chain;
}

/** The first clusters that are free, as many as asked for if there are so many. */
export function freeClusters(volume: FatVolume, count: number): number[] {
  const free: number[] = [];
  for (let c = 2; c < volume.geometry.clusters + 2 && free.length < count; c++) {
    if (tableEntry(volume, c) === 0) free.push(c);
  }
  return free;
}

/** Number of free clusters. */
export function countFree(volume: FatVolume): number {
  return freeClusters(volume, volume.geometry.clusters).length;
}

/** Offsets in bytes of the sectors that hold the root directory, in order. */
export function rootSectors(volume: FatVolume): number[] {
  const { geometry, rootCluster } = volume;
  if (geometry.type !== "fat32") {
    const first = geometry.reservedSectors + TABLES * geometry.tableSectors;
    return sectorRange(first, geometry.dataSector - first);
  }
  return chainOf(volume, rootCluster).flatMap((cluster) => clusterSectors(geometry, cluster));
}

/** Offsets in bytes of a cluster's sectors. */
export function clusterSectors(geometry: FatGeometry, cluster: number): number[] {
  return sectorRange(clusterSector(geometry, cluster), geometry.sectorsPerCluster);
}

function sectorRange(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (first + i) * SECTOR);
}

/** Where FAT32 keeps its count of free clusters, with the copy. */
export const FSINFO_OFFSETS = [FSINFO_SECTOR, BACKUP_SECTOR + FSINFO_SECTOR].map((n) => n * SECTOR);

/** An error about a volume that cannot be read. */
export function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot use the FAT file system: ${cause}`);
}
