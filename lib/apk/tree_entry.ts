import type { Digest } from "../brand.ts";
import type { Entry, EntryBase, Origin } from "../tree/entry.ts";
import { nameOf } from "../tree/file_tree.ts";
import { entryAt } from "./entry_table.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { UnpackedPackage } from "./types.ts";

/**
 * Whether apk unpacks a path: not `.PKGINFO` and its like, and not abuild's marks of empty
 * directories (apk-tools src/database.c, apk_db_install_archive_entry).
 */
export function isInstalled(path: string): boolean {
  return !path.startsWith(".") && !/^\.keep_./.test(nameOf(path));
}

/** Where an entry of a package goes in the tree. */
export interface Placement {
  readonly place: string;
  /** Place of the file that a hard link names. */
  readonly target: string | undefined;
  /** Seconds since 1970; the entry is not newer. */
  readonly epoch: number;
  /** The package's, one text for all of its entries. */
  readonly origin: Origin;
}

/** A file's content: a range of its package's blob, told by the package's table. */
class PackageContent {
  constructor(private readonly unpacked: UnpackedPackage, private readonly index: number) {}

  get kind() {
    return "span" as const;
  }
  get blob(): Digest {
    return this.unpacked.data;
  }
  get offset(): number {
    return this.unpacked.entries.offsets[this.index]!;
  }
  get size(): number {
    return this.unpacked.entries.sizes[this.index]!;
  }
  get sha256(): string | undefined {
    return entryAt(this.unpacked.entries, this.index).sha256;
  }
}

/** An entry of a package as an entry of the tree. */
export function treeEntry(
  unpacked: UnpackedPackage,
  index: number,
  { place, target, epoch, origin }: Placement,
): Entry {
  const entry = entryAt(unpacked.entries, index);
  const { type, mode, uid, gid } = entry;
  const base: EntryBase = {
    path: place,
    mode,
    uid,
    gid,
    mtime: Math.min(entry.mtime, epoch),
    origin,
    ...xattrsOf(entry),
  };
  switch (type) {
    case "file": {
      const content = new PackageContent(unpacked, index);
      if (base.xattrs) return { ...base, type, content };
      // Most entries are such: a literal takes a quarter less memory than a spread.
      return { path: place, mode, uid, gid, mtime: base.mtime, origin, type, content };
    }
    case "symlink":
      return { ...base, type, target: required(entry.target) };
    case "hardlink":
      return { ...base, type, target: required(target) };
    case "char":
    case "block":
      return { ...base, type, major: required(entry.major), minor: required(entry.minor) };
    case "fifo":
    case "directory":
      return { ...base, type };
  }
}

/** apk sets none on directories and symbolic links (src/io_archive.c), but counts them. */
function xattrsOf({ type, xattrs }: PackageEntry): Pick<EntryBase, "xattrs"> {
  if (!xattrs?.length || type === "directory" || type === "symlink") return {};
  return { xattrs: new Map(xattrs.map(([name, v]) => [name, Uint8Array.fromBase64(v)])) };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("a package entry lacks a field of its type");
  return value;
}
