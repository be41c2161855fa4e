/** Bytes of a sector. Media with larger ones are not written. */
export const SECTOR = 512;

/** Most bytes of a volume: BPB_TotSec32 counts its sectors in 32 bits (Microsoft FAT specification, §3.1). */
export const MOST_BYTES = (2 ** 32 - 1) * SECTOR;

/** Width of a cluster number, from the narrowest. */
export const FAT_TYPES = ["fat12", "fat16", "fat32"] as const;
export type FatType = (typeof FAT_TYPES)[number];

/** Where the parts of a volume lie, in sectors from its start. */
export interface FatGeometry {
  readonly type: FatType;
  readonly sectors: number;
  readonly sectorsPerCluster: number;
  /** Sectors before the first table: boot sector, on FAT32 FSInfo and the backup, padding. */
  readonly reservedSectors: number;
  /** Sectors of one table; there are two. */
  readonly tableSectors: number;
  /** Slots of the fixed root directory; 0 on FAT32, where the root is a chain. */
  readonly rootSlots: number;
  /** First sector of cluster 2. */
  readonly dataSector: number;
  readonly clusters: number;
}

/** Number of tables. Drivers and tools take any other number badly. */
export const TABLES = 2;

/**
 * Cluster counts that make the type, 16 away from the limits 4085 and 65525: drivers are off by
 * some at the border, as the Microsoft specification warns (§3.5).
 */
const CLUSTERS: Record<FatType, readonly [number, number]> = {
  fat12: [1, 4069],
  fat16: [4101, 65509],
  fat32: [65541, 0x0fffffe0],
};
const BITS: Record<FatType, number> = { fat12: 12, fat16: 16, fat32: 32 };
const RESERVED: Record<FatType, number> = { fat12: 1, fat16: 1, fat32: 32 };

/** Data starts at a multiple of 4 KiB, so clusters do not straddle the blocks of a flash disk. */
const DATA_ALIGNMENT = 8;
const MIB = 1 << 20;
const GIB = 1 << 30;

/** Bits of a cluster number in the table. */
export function entryBits(type: FatType): number {
  return BITS[type];
}

/**
 * The geometry of a volume: the type by its size, then the smallest clusters that the type allows,
 * or the largest up to those that are preferred.
 *
 * @param rootSlots Slots that the fixed root directory needs on FAT12 and FAT16.
 * @param preferred Sectors of a cluster, a power of 2 up to 64; fewer where the type wants them.
 * @param least Fewest sectors of a cluster, whatever the type wants.
 * @returns Undefined when no geometry of `minimumType` or wider has this number of sectors.
 */
export function geometryFor(
  sectors: number,
  rootSlots: number,
  minimumType: FatType,
  preferred = 1,
  least = 1,
): FatGeometry | undefined {
  const first = Math.max(FAT_TYPES.indexOf(usualType(sectors)), FAT_TYPES.indexOf(minimumType));
  const type = FAT_TYPES[first]!;
  const [fewest, most] = CLUSTERS[type];
  const laidOut = (perCluster: number) =>
    layOut(type, sectors, perCluster, type === "fat32" ? 0 : rootSlots);
  const smallest = Math.max(least, smallestCluster(type, sectors));
  for (let perCluster = preferred; perCluster > smallest; perCluster /= 2) {
    const geometry = laidOut(perCluster);
    if (geometry.clusters >= fewest && geometry.clusters <= most) return geometry;
  }
  for (let perCluster = smallest; perCluster <= 64; perCluster *= 2) {
    const geometry = laidOut(perCluster);
    if (geometry.clusters < fewest) return undefined;
    if (geometry.clusters <= most) return geometry;
  }
  return undefined;
}

function usualType(sectors: number): FatType {
  const bytes = sectors * SECTOR;
  return bytes < 4 * MIB ? "fat12" : bytes < 512 * MIB ? "fat16" : "fat32";
}

/** Sectors per cluster to start from: on FAT32 the sizes that Microsoft's format takes. */
function smallestCluster(type: FatType, sectors: number): number {
  const bytes = sectors * SECTOR;
  if (type !== "fat32" || bytes < 260 * MIB) return 1;
  return bytes < 8 * GIB ? 8 : bytes < 16 * GIB ? 16 : bytes < 32 * GIB ? 32 : 64;
}

function layOut(
  type: FatType,
  sectors: number,
  sectorsPerCluster: number,
  rootSlots: number,
): FatGeometry {
  const rootSectors = rootSlots * 32 / SECTOR;
  const most = Math.max(0, sectors - RESERVED[type] - rootSectors) / sectorsPerCluster + 2;
  const tableSectors = Math.ceil(most * BITS[type] / 8 / SECTOR);
  const used = RESERVED[type] + TABLES * tableSectors + rootSectors;
  const dataSector = Math.ceil(used / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  return {
    type,
    sectors,
    sectorsPerCluster,
    reservedSectors: RESERVED[type] + dataSector - used,
    tableSectors,
    rootSlots,
    dataSector,
    clusters: Math.floor((sectors - dataSector) / sectorsPerCluster),
  };
}
