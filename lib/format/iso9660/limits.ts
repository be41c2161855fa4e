import { TowerError } from "../../errors.ts";
import type { Entry } from "../../tree/entry.ts";
import { nameOf } from "../../tree/file_tree.ts";
import { ISO_SECTOR } from "./sector.ts";

/** Bytes of one extent of a file: its size is a number of 32 bits, and ends with a sector. */
export const LONGEST_EXTENT = 2 ** 32 - ISO_SECTOR;
/** Linux takes no file of more extents (fs/isofs/inode.c, isofs_read_level3_size). */
const MOST_EXTENTS = 100;
/** Linux cuts longer names off (fs/isofs/rock.c, get_rock_ridge_filename). */
const LONGEST_NAME = 253;
/** Bytes of what a symbolic link leads to, as Linux' paths (PATH_MAX). */
export const LONGEST_TARGET = 4095;
/** A path table names a parent by 16 bits (ECMA-119 §9.4.4). */
const MOST_DIRECTORIES = 65_535;
/** Sectors are counted by 32 bits. */
const MOST_SECTORS = 2 ** 32 - 1;

/** @throws {TowerError} `unsupported` for what Rock Ridge cannot say of an entry. */
export function checkEntry(entry: Entry): void {
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    throw unsupported(entry.path, "Rock Ridge has no extended attributes");
  }
  const bytes = new TextEncoder().encode(nameOf(entry.path)).length;
  if (bytes > LONGEST_NAME) {
    throw unsupported(
      entry.path,
      `its name has ${bytes} bytes, and Linux reads ${LONGEST_NAME} of one`,
    );
  }
}

/** @throws {TowerError} `unsupported` */
export function checkSize(path: string, size: number): void {
  if (size <= MOST_EXTENTS * LONGEST_EXTENT) return;
  throw unsupported(path, `it has more than ${MOST_EXTENTS} times 4 GiB`);
}

/** @throws {TowerError} `unsupported` */
export function checkDirectories(count: number): void {
  if (count <= MOST_DIRECTORIES) return;
  throw new TowerError(
    "unsupported",
    `Cannot make an ISO 9660 file system: the tree has more than ${MOST_DIRECTORIES} directories`,
  );
}

/** @throws {TowerError} `unsupported` */
export function checkVolume(sectors: number): void {
  if (sectors <= MOST_SECTORS) return;
  throw new TowerError(
    "unsupported",
    "Cannot make an ISO 9660 file system: what it is to hold is larger than 8 TiB",
  );
}

function unsupported(path: string, cause: string): TowerError {
  return new TowerError("unsupported", `Cannot put "/${path}" on an ISO 9660 medium: ${cause}`);
}
