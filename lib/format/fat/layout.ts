import { TowerError } from "../../errors.ts";
import {
  type Content,
  type DirectoryEntry,
  type Entry,
  type FileEntry,
  sizeOf,
} from "../../tree/entry.ts";
import { type FileTree, nameOf, parentOf } from "../../tree/file_tree.ts";
import { SLOT } from "./directory.ts";
import { type FatGeometry, type FatType, geometryFor, MOST_BYTES, SECTOR } from "./geometry.ts";
import { aliasNames, type FatName, slotsOf } from "./name.ts";

const MIB = 1 << 20;
const LARGEST_FILE = 0xffffffff;
/** A directory has at most 2 MiB (Microsoft FAT specification, §6). */
const MOST_SLOTS = 65536;
/** Slots of the fixed root directory that format programs give. */
const USUAL_ROOT_SLOTS = 512;

/** What fixes a FAT volume beside its tree. */
export interface FatOptions {
  /** 1 to 11 characters out of A-Z, 0-9, space, `_` and `-`. */
  readonly label: string;
  /** Serial number, 0 to 2^32 - 1: what Linux shows as UUID `XXXX-XXXX`. */
  readonly volumeId: number;
  /** Seconds since 1970, for the label. */
  readonly epoch: number;
  /** Bytes that stay free at least. */
  readonly freeBytes: number;
  /** Exact size in bytes, a multiple of 512; without it the smallest whole number of MiB. */
  readonly size?: number;
  /** Narrowest type; `fat12` leaves the choice to the size. */
  readonly minimumType: FatType;
  /** Sectors of a cluster where the type allows it; else the fewest that the size allows. */
  readonly preferredCluster?: number;
  /** Fewest sectors of a cluster: a volume may have to be larger for it. By default 1. */
  readonly minimumCluster?: number;
  /** Sectors before the volume: the start of its partition. */
  readonly hiddenSectors: number;
  /** Paths of files that get the attributes read-only, hidden and system. */
  readonly systemFiles: ReadonlySet<string>;
}

/** A file or a directory and the contiguous clusters it takes. */
export interface FatNode {
  readonly entry: FileEntry | DirectoryEntry;
  readonly name: FatName;
  /** First cluster; 0 where there is none: an empty file, the root of FAT12 and FAT16. */
  readonly cluster: number;
  readonly clusters: number;
}

/** A volume with every place decided; {@linkcode writeFat} turns it into bytes. */
export interface FatLayout {
  /** Bytes of the whole volume. */
  readonly size: number;
  readonly options: FatOptions;
  readonly geometry: FatGeometry;
  /** By path, each directory before what it holds, in the order of the clusters. */
  readonly nodes: ReadonlyMap<string, FatNode>;
  /** Paths below each directory, in the order of its slots. */
  readonly listings: ReadonlyMap<string, readonly string[]>;
  /** Clusters in use: 2 to `nextCluster - 1`. */
  readonly nextCluster: number;
}

/** A run of sectors, counted from the volume's start. */
export interface SectorRun {
  readonly first: number;
  readonly count: number;
}

/** A node before it has a place. */
interface Planned {
  readonly entry: FileEntry | DirectoryEntry;
  readonly name: FatName;
  /** Bytes to hold. */
  readonly bytes: number;
}

/**
 * Decides the type, the size and every cluster of a FAT volume that holds a tree.
 *
 * @throws {TowerError} `unsupported` for what FAT cannot express (links, devices, owners, extended
 * attributes, names, files of 4 GiB), `conflict` for names that differ in case alone, `no-space`
 * when `size` is too small, `limit` for more than FAT has numbers for, `usage` for a label FAT cannot hold.
 */
export function planFat(tree: FileTree, options: FatOptions): FatLayout {
  checkOptions(options);
  const listings = new Map<string, readonly string[]>();
  const planned = planNodes(tree, listings);
  const geometry = options.size === undefined
    ? smallestGeometry(planned, options)
    : exactGeometry(planned, options, options.size);
  const { nodes, nextCluster } = allocate(planned, geometry);
  return { size: geometry.sectors * SECTOR, options, geometry, nodes, listings, nextCluster };
}

/** The sectors of a file, or undefined when it is not there or empty. */
export function sectorsOf(layout: FatLayout, path: string): SectorRun | undefined {
  const node = layout.nodes.get(path);
  if (node?.entry.type !== "file" || node.cluster === 0) return undefined;
  return {
    first: clusterSector(layout.geometry, node.cluster),
    count: Math.ceil(sizeOf(node.entry.content) / SECTOR),
  };
}

/** First sector of a cluster. */
export function clusterSector(geometry: FatGeometry, cluster: number): number {
  return geometry.dataSector + (cluster - 2) * geometry.sectorsPerCluster;
}

function checkOptions(options: FatOptions): void {
  if (!/^[A-Z0-9_ -]{1,11}$/.test(options.label) || options.label.trim() === "") {
    throw new TowerError(
      "usage",
      `Cannot label a FAT file system "${options.label}": a label is 1 to 11 of A-Z, 0-9, space, _ and -`,
    );
  }
  for (const field of ["volumeId", "hiddenSectors"] as const) {
    if (!Number.isInteger(options[field]) || options[field] < 0 || options[field] > 0xffffffff) {
      throw new RangeError(`${field} is no 32-bit number: ${options[field]}`);
    }
  }
  const { size } = options;
  if (size !== undefined && (!Number.isSafeInteger(size) || size <= 0 || size % SECTOR !== 0)) {
    throw new RangeError(`size is no multiple of ${SECTOR}: ${size}`);
  }
}

function planNodes(tree: FileTree, listings: Map<string, readonly string[]>): Planned[] {
  const names = new Map<string, FatName>([["", { name: "", short: "", long: false }]]);
  const planned: Planned[] = [];
  for (const entry of tree.walk()) {
    checkEntry(entry);
    const name = names.get(entry.path)!;
    if (entry.type === "file") {
      planned.push({ entry, name, bytes: fileBytes(entry.path, entry.content) });
      continue;
    }
    const paths = tree.children(entry.path).map((child) => child.path);
    const aliases = aliasNames(paths.map(nameOf), entry.path);
    // Dot entries in a directory, the label in the root.
    let slots = entry.path === "" ? 1 : 2;
    paths.forEach((path, i) => {
      names.set(path, aliases[i]!);
      slots += slotsOf(aliases[i]!);
    });
    if (slots > MOST_SLOTS) throw unsupported(entry.path, "the directory has too many names");
    listings.set(entry.path, paths);
    planned.push({ entry, name, bytes: slots * SLOT });
  }
  return planned;
}

function checkEntry(entry: Entry): asserts entry is FileEntry | DirectoryEntry {
  if (entry.type !== "file" && entry.type !== "directory") {
    throw unsupported(entry.path, `FAT has no ${NAME_OF[entry.type]}`);
  }
  if (entry.uid !== 0 || entry.gid !== 0) {
    throw unsupported(entry.path, `FAT has no owners, and ${entry.uid}:${entry.gid} owns it`);
  }
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    throw unsupported(entry.path, "FAT has no extended attributes");
  }
}

const NAME_OF = {
  symlink: "symbolic links",
  hardlink: "hard links",
  char: "devices",
  block: "devices",
  fifo: "pipes",
} as const;

function unsupported(path: string, cause: string): TowerError {
  return new TowerError("unsupported", `Cannot put "/${path}" into a FAT file system: ${cause}`);
}

function fileBytes(path: string, content: Content): number {
  const size = sizeOf(content);
  if (size > LARGEST_FILE) throw unsupported(path, "it is 4 GiB or longer");
  return size;
}

function rootSlots(planned: readonly Planned[]): number {
  const needed = planned[0]!.bytes / SLOT;
  const perSector = SECTOR / SLOT;
  return Math.max(USUAL_ROOT_SLOTS, Math.ceil(needed / perSector) * perSector);
}

function clustersOf(node: Planned, geometry: FatGeometry): number {
  if (node.entry.path === "" && geometry.type !== "fat32") return 0;
  return Math.ceil(node.bytes / (geometry.sectorsPerCluster * SECTOR));
}

/** Bytes that are missing for the nodes and the free space; 0 or less when all fits. */
function missingBytes(planned: readonly Planned[], geometry: FatGeometry, free: number): number {
  const clusterBytes = geometry.sectorsPerCluster * SECTOR;
  const used = planned.reduce((sum, node) => sum + clustersOf(node, geometry), 0);
  return (used + Math.ceil(free / clusterBytes) - geometry.clusters) * clusterBytes;
}

function smallestGeometry(planned: readonly Planned[], options: FatOptions): FatGeometry {
  const slots = rootSlots(planned);
  const content = planned.reduce((sum, node) => sum + node.bytes, options.freeBytes);
  for (let size = Math.max(1, Math.ceil(content / MIB)) * MIB; size <= MOST_BYTES;) {
    const geometry = geometryFor(
      size / SECTOR,
      slots,
      options.minimumType,
      options.preferredCluster,
      options.minimumCluster,
    );
    const missing = geometry ? missingBytes(planned, geometry, options.freeBytes) : MIB;
    if (geometry && missing <= 0) return geometry;
    size += Math.ceil(missing / MIB) * MIB;
  }
  throw tooLarge(options.label, `it is to hold ${content} bytes`);
}

function tooLarge(label: string, cause: string): TowerError {
  return new TowerError("limit", `Cannot make a FAT file system "${label}": ${cause}`, {
    hint: "FAT has less than 2TiB; ext4 has up to 8TiB",
  });
}

function exactGeometry(
  planned: readonly Planned[],
  options: FatOptions,
  size: number,
): FatGeometry {
  if (size > MOST_BYTES) throw tooLarge(options.label, `it has ${size} bytes`);
  const geometry = geometryFor(
    size / SECTOR,
    rootSlots(planned),
    options.minimumType,
    options.preferredCluster,
    options.minimumCluster,
  );
  const missing = geometry ? missingBytes(planned, geometry, options.freeBytes) : undefined;
  if (geometry && missing! <= 0) return geometry;
  const needed = smallestGeometry(planned, options).sectors * SECTOR / MIB;
  const free = options.freeBytes > 0 ? `, as ${options.freeBytes} have to stay free` : "";
  throw new TowerError(
    "no-space",
    geometry
      ? `Cannot fill the FAT file system "${options.label}" of ${size} bytes: ${missing} bytes are missing${free}`
      : `Cannot make a FAT file system "${options.label}" of ${size} bytes: no layout has that size`,
    { hint: `${needed}MiB are enough` },
  );
}

function allocate(
  planned: readonly Planned[],
  geometry: FatGeometry,
): { nodes: Map<string, FatNode>; nextCluster: number } {
  const nodes = new Map<string, FatNode>();
  let nextCluster = 2;
  for (const node of planned) {
    const clusters = clustersOf(node, geometry);
    const cluster = clusters === 0 ? 0 : nextCluster;
    nodes.set(node.entry.path, { entry: node.entry, name: node.name, cluster, clusters });
    nextCluster += clusters;
  }
  return { nodes, nextCluster };
}

/** The first cluster of the directory that holds a path. */
export function parentCluster(layout: FatLayout, path: string): number {
  const parent = parentOf(path);
  // `..` of a directory in the root names cluster 0 on every type, FAT32 included.
  return parent === "" ? 0 : layout.nodes.get(parent)!.cluster;
}
