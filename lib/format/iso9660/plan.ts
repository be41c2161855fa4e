import { TowerError } from "../../errors.ts";
import { sizeOf } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import type { BootOptions } from "./boot_options.ts";
import type { Extent } from "./directory_record.ts";
import { inventoryOf, type IsoDirectory } from "./inventory.ts";
import { checkSize, checkVolume } from "./limits.ts";
import { pathTableSize } from "./path_table.ts";
import { AreaAllocator, directorySize, type PlannedRecord, recordsOf } from "./records.ts";
import { ISO_SECTOR, sectorsOf, SYSTEM_SECTORS } from "./sector.ts";

/** What fixes a medium beside its tree. */
export interface IsoOptions {
  /** 1 to 32 characters out of A-Z, 0-9, `_` and `-`: what Linux shows as LABEL. */
  readonly label: string;
  /** Seconds since 1970, for the volume itself. */
  readonly epoch: number;
  /** Undefined for a medium that nothing starts from. */
  readonly boot: BootOptions | undefined;
}

/** A directory with its records. */
export interface PlannedDirectory {
  readonly directory: IsoDirectory;
  readonly extent: Extent;
  readonly records: readonly PlannedRecord[];
}

/** A medium with every place decided; `writeIso` turns it into bytes. */
export interface IsoLayout {
  readonly options: IsoOptions;
  /** Bytes of the whole medium. */
  readonly size: number;
  /** In the order of the path table. */
  readonly directories: readonly PlannedDirectory[];
  readonly pathTable: { readonly size: number; readonly little: number; readonly big: number };
  /** The continuation areas of all records. */
  readonly areas: Extent;
  /** Sector of El Torito's catalogue, where something starts from the medium. */
  readonly catalogue: number;
  /** Where bytes of files lie, by path; those of hard links lie under their target's. */
  readonly files: ReadonlyMap<string, Extent>;
  /** First sector behind the files: that of the EFI system partition where there is one. */
  readonly filesEnd: number;
}

/** Partitions begin at a multiple of so many bytes, as all current tools do. */
const PARTITION_ALIGNMENT = 1 << 20;
/** Sectors for the backup of a GPT: 33 of 512 bytes. */
const GPT_TAIL = 9;
/** Volume descriptors: the primary, El Torito's, the terminator. */
const DESCRIPTORS = 3;

/**
 * Decides where everything on a medium lies.
 *
 * @throws {TowerError} `unsupported` for what the format or Linux' reader of it cannot express,
 * `usage` for a label that it cannot hold.
 */
export function planIso(tree: FileTree, options: IsoOptions): IsoLayout {
  checkLabel(options.label);
  const { boot } = options;
  const inventory = inventoryOf(tree);
  const tableSize = pathTableSize(inventory.map(({ id }) => id));
  const little = SYSTEM_SECTORS + DESCRIPTORS;
  const big = little + sectorsOf(tableSize);
  let next = big + sectorsOf(tableSize);
  const allocator = new AreaAllocator();
  const directories = inventory.map((directory): PlannedDirectory => {
    const records = recordsOf(directory, allocator);
    const extent = { sector: next, size: directorySize(records) };
    next += extent.size / ISO_SECTOR;
    return { directory, extent, records };
  });
  const areas = { sector: next, size: allocator.size };
  const catalogue = next + sectorsOf(areas.size);
  const files = placeFiles(directories, boot ? catalogue + 1 : catalogue, boot?.esp);
  const end = files.end + sectorsOf(boot?.esp?.size ?? 0) + (boot ? GPT_TAIL : 0);
  checkVolume(end);
  return {
    options,
    size: end * ISO_SECTOR,
    directories,
    pathTable: { size: tableSize, little, big },
    areas,
    catalogue,
    files: files.places,
    filesEnd: files.end,
  };
}

function checkLabel(label: string): void {
  if (/^[A-Z0-9_-]{1,32}$/.test(label)) return;
  throw new TowerError(
    "usage",
    `Cannot label an ISO 9660 medium "${label}": a label is 1 to 32 of A-Z, 0-9, _ and -`,
  );
}

/** Puts files one behind the other, in the order of the records; those of the ESP lie there. */
function placeFiles(
  directories: readonly PlannedDirectory[],
  first: number,
  esp: BootOptions["esp"],
): { readonly places: ReadonlyMap<string, Extent>; readonly end: number } {
  const places = new Map<string, Extent>();
  const shared: { readonly path: string; readonly size: number; readonly offset: number }[] = [];
  let next = first;
  for (const { node: { target } } of directories.flatMap(({ records }) => records)) {
    if (target.type !== "file" || places.has(target.path)) continue;
    const { path } = target;
    const size = sizeOf(target.content);
    checkSize(path, size);
    const offset = esp?.shared.get(path);
    // What has no bytes lies nowhere: other writers name sector 0 too.
    places.set(path, { sector: size === 0 ? 0 : next, size });
    if (offset === undefined || size === 0) next += sectorsOf(size);
    else shared.push({ path, size, offset });
  }
  const unit = PARTITION_ALIGNMENT / ISO_SECTOR;
  const end = esp ? Math.ceil(next / unit) * unit : next;
  for (const { path, size, offset } of shared) {
    places.set(path, { sector: end + offset / ISO_SECTOR, size });
  }
  return { places, end };
}
