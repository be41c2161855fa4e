import { createHash } from "node:crypto";
import { childOf, nameOf } from "../tree/file_tree.ts";
import { entryAt } from "./entry_table.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { UnpackedPackage } from "./types.ts";

/** What the installed database says of an owner: the `M:` and `a:` lines. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** `Q1` and base64 of the checksum over the extended attributes; absent without any. */
  readonly xattrs?: string;
  /** Names that the archive gave, where they are not `root`. */
  readonly user?: string;
  readonly group?: string;
}

export interface InstalledFile {
  readonly name: string;
  /** Where it is in the tree, once links on the way are followed. */
  readonly place: string;
  readonly entry: PackageEntry;
}

export interface InstalledDirectory {
  /** As the package spells it; the root is "". */
  readonly path: string;
  /** Where it is in the tree, once links are followed. */
  readonly place: string;
  /** Whether a symbolic link is at the path itself: apk leaves the directory behind it alone. */
  readonly linked: boolean;
  readonly ownership: Ownership;
  /** Indexes of the package's entries, in their order. */
  readonly files: readonly number[];
}

/** What a package still owns after all were installed. */
export interface InstalledPackage {
  readonly package: UnpackedPackage;
  /** In the order of the package. */
  readonly directories: readonly InstalledDirectory[];
}

/** The files that a package still owns in one of its directories. */
export function* filesOf(
  { package: { entries } }: InstalledPackage,
  { place, files }: InstalledDirectory,
): Generator<InstalledFile> {
  for (const index of files) {
    const entry = entryAt(entries, index);
    const name = nameOf(entry.path);
    yield { name, place: childOf(place, name), entry };
  }
}

/** Ids of the names that archives gave, where the tree knows them. */
export interface KnownIds {
  readonly users: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, number>;
}

/** Packages in the order of installation. */
export interface Installation {
  /** Undefined until the accounts are there: the archives' numbers count then. */
  readonly ids?: KnownIds;
  readonly packages: readonly InstalledPackage[];
}

/** What apk takes for a directory that the package does not list: only the root can be one. */
export const UNLISTED: Ownership = { mode: 0o755, uid: 0, gid: 0 };

/** An ownership with the ids of its names. */
export function withIds(ownership: Ownership, ids: KnownIds | undefined): Ownership {
  const { user, group } = ownership;
  const [uid, gid] = [ids?.users.get(user ?? ""), ids?.groups.get(group ?? "")];
  if (uid === undefined && gid === undefined) return ownership;
  return { ...ownership, uid: uid ?? ownership.uid, gid: gid ?? ownership.gid };
}

/** The ownership that an entry of a package asks for. */
export function ownershipOf(entry: PackageEntry): Ownership {
  return {
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    ...(entry.xattrs?.length ? { xattrs: xattrChecksum(entry.xattrs) } : {}),
    ...(entry.user === undefined ? {} : { user: entry.user }),
    ...(entry.group === undefined ? {} : { group: entry.group }),
  };
}

/**
 * SHA-1 over each attribute's name and value, each behind its length as 32 bits, most
 * significant byte first, ordered by name (apk-tools src/io.c, apk_fileinfo_hash_xattr_array).
 */
function xattrChecksum(xattrs: readonly (readonly [string, string])[]): string {
  const hash = createHash("sha1");
  const add = (bytes: Uint8Array): void => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    hash.update(length).update(bytes);
  };
  for (const [name, base64] of xattrs) {
    add(new TextEncoder().encode(name));
    add(Uint8Array.fromBase64(base64));
  }
  return `Q1${hash.digest("base64")}`;
}
