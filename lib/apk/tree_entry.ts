import type { Entry, EntryBase } from "../tree/entry.ts";
import { nameOf } from "../tree/file_tree.ts";
import type { PackageEntry, UnpackedPackage } from "./types.ts";

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
}

/** A package's entry as an entry of the tree; a file's content is a range of the package's blob. */
export function treeEntry(
  unpacked: UnpackedPackage,
  entry: PackageEntry,
  { place, target, epoch }: Placement,
): Entry {
  const base: EntryBase = {
    path: place,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: Math.min(entry.mtime, epoch),
    origin: `package:${unpacked.info.name}`,
    // apk sets none on directories and symbolic links (src/io_archive.c), but counts them.
    ...(entry.xattrs?.length && entry.type !== "directory" && entry.type !== "symlink"
      ? { xattrs: new Map(entry.xattrs.map(([name, v]) => [name, Uint8Array.fromBase64(v)])) }
      : {}),
  };
  switch (entry.type) {
    case "file": {
      const { offset, size, sha256 } = entry;
      const content = { kind: "span", blob: unpacked.data, offset, size, sha256 } as const;
      return { ...base, type: "file", content };
    }
    case "symlink":
      return { ...base, type: "symlink", target: required(entry.target) };
    case "hardlink":
      return { ...base, type: "hardlink", target: required(target) };
    case "char":
    case "block":
      return {
        ...base,
        type: entry.type,
        major: required(entry.major),
        minor: required(entry.minor),
      };
    case "fifo":
    case "directory":
      return { ...base, type: entry.type };
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("a package entry lacks a field of its type");
  return value;
}
