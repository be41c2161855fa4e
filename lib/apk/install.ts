import { atOnce, type Steps } from "../breathe.ts";
import { printable, TowerError } from "../errors.ts";
import type { Entry, Origin } from "../tree/entry.ts";
import { childOf, type FileTree, isCanonical, nameOf, parentOf } from "../tree/file_tree.ts";
import { entriesOf } from "./entry_table.ts";
import { judgePath } from "./file_conflict.ts";
import { type Installation, ownershipOf, UNLISTED } from "./installation.ts";
import type { InstalledDirectory } from "./installation.ts";
import { isInstalled, treeEntry } from "./tree_entry.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { UnpackedPackage } from "./types.ts";

export type { Installation } from "./installation.ts";

export interface InstallOptions {
  /** Seconds since 1970; no entry is newer. */
  readonly epoch: number;
}

/** A path that two parts claim. */
interface Conflict {
  readonly path: string;
  readonly newcomer: string;
  readonly owner: string;
  readonly cause: string;
}

/** A directory that still gets files. */
interface OpenDirectory extends InstalledDirectory {
  readonly files: number[];
}

interface OpenPackage {
  readonly package: UnpackedPackage;
  readonly origin: Origin;
  readonly directories: Map<string, OpenDirectory>;
  /** Directories that could not be made: what is below them is not reported again. */
  readonly blocked: Set<string>;
  /** Places of files that other packages took. */
  readonly lost: Set<string>;
}

/** An entry of a package and its index. */
type IndexedEntry = PackageEntry & { readonly index: number };

/**
 * Puts the files of packages into a tree as apk-tools 2.14 puts them on a disk.
 *
 * Links on the way to a path are followed inside the tree, so that packages install into a
 * merged /usr; rules of ownership hold for the place that is reached. Directories that several
 * packages bring get the lowest owner and the modes' common bits; those that were in the tree
 * before stay as they are.
 *
 * @param packages In the order of installation.
 * @throws {TowerError} `conflict` that lists every path that two parts claim, `malformed` for a
 * package that contradicts itself. The tree is then half filled: throw it away.
 */
export function installPackages(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  options: InstallOptions,
): Installation {
  return atOnce(installSteps(tree, packages, options));
}

/** What {@linkcode installPackages} does. */
export function* installSteps(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  options: InstallOptions,
): Steps<Installation> {
  const installer = new Installer(tree, options.epoch);
  const opened: OpenPackage[] = [];
  for (const unpacked of packages) opened.push(yield* installer.install(unpacked));
  installer.throwConflicts();
  return {
    packages: opened.map(({ package: unpacked, directories, lost }) => ({
      package: unpacked,
      directories: directories.values().map((d) => withoutLost(unpacked, d, lost)).toArray(),
    })),
  };
}

function withoutLost(
  { entries }: UnpackedPackage,
  directory: OpenDirectory,
  lost: ReadonlySet<string>,
): InstalledDirectory {
  if (lost.size === 0) return directory;
  const placeOf = (index: number) => childOf(directory.place, nameOf(entries.paths[index]!));
  return { ...directory, files: directory.files.filter((index) => !lost.has(placeOf(index))) };
}

class Installer {
  readonly #tree: FileTree;
  readonly #epoch: number;
  /** By the origin of their entries in the tree. */
  readonly #packages = new Map<Origin, OpenPackage>();
  /** Places of directories that packages made. */
  readonly #made = new Set<string>();
  readonly #conflicts: Conflict[] = [];

  constructor(tree: FileTree, epoch: number) {
    this.#tree = tree;
    this.#epoch = epoch;
  }

  *install(unpacked: UnpackedPackage): Steps<OpenPackage> {
    const opened: OpenPackage = {
      package: unpacked,
      origin: `package:${unpacked.info.name}`,
      directories: new Map(),
      blocked: new Set(),
      lost: new Set(),
    };
    this.#packages.set(opened.origin, opened);
    const { paths } = unpacked.entries;
    const foreign = paths.find((path) => !isCanonical(path));
    if (foreign !== undefined) {
      throw broken(unpacked, `"${printable(foreign)}" is not a canonical path`);
    }
    if (unpacked.info.installedSize === 0 && paths.some(isInstalled)) {
      throw broken(unpacked, "it has files but an installed size of 0, which apk never unpacks");
    }
    for (const entry of entriesOf(unpacked.entries)) {
      yield;
      if (!isInstalled(entry.path)) continue;
      const place = this.#placeOf(opened, entry);
      if (place === undefined) continue;
      if (entry.type === "directory") this.#addDirectory(opened, entry, place);
      else this.#addFile(opened, entry, place);
    }
    return opened;
  }

  throwConflicts(): void {
    if (this.#conflicts.length === 0) return;
    const lines = this.#conflicts.map((c) =>
      `"/${printable(c.path)}" of ${c.newcomer} meets ${c.owner}: ${c.cause}`
    );
    const subject = lines.length === 1
      ? lines[0]
      : `${lines.length} paths are claimed twice\n  ${lines.join("\n  ")}`;
    throw new TowerError("conflict", `Cannot install the packages: ${subject}`, {
      hint: "Leave one of the packages out, or use versions where one `replaces` the other",
    });
  }

  /** Where an entry goes; undefined where that is in the way of something else. */
  #placeOf(opened: OpenPackage, entry: PackageEntry): string | undefined {
    const parent = parentOf(entry.path);
    if (opened.blocked.has(parent)) {
      if (entry.type === "directory") opened.blocked.add(entry.path);
      return undefined;
    }
    if (parent !== "" && !opened.directories.has(parent)) {
      throw broken(opened.package, `"/${printable(entry.path)}" comes before its directory`);
    }
    const place = this.#tree.resolve(parent);
    if (place === undefined) throw new Error(`directory "${parent}" vanished`);
    // Mostly the same text, which is then there once.
    return place === parent ? entry.path : childOf(place, nameOf(entry.path));
  }

  #addDirectory(opened: OpenPackage, entry: IndexedEntry, place: string): void {
    const existing = this.#tree.get(place);
    let reached = place;
    if (!existing) {
      this.#tree.put(this.#entry(opened, entry, place));
      this.#made.add(place);
    } else if (existing.type === "directory") this.#share(existing, entry);
    else {
      const target = existing.type === "symlink" ? this.#tree.resolve(place) : undefined;
      const isDirectory = target !== undefined && this.#tree.get(target)?.type === "directory";
      if (!isDirectory || existing.origin === opened.origin) {
        opened.blocked.add(entry.path);
        this.#report(opened, entry, existing, "a directory cannot be where a file is");
        return;
      }
      reached = target;
    }
    const ownership = ownershipOf(entry);
    const files = opened.directories.get(entry.path)?.files ?? [];
    const linked = reached !== place;
    opened.directories.set(entry.path, {
      path: entry.path,
      place: reached,
      linked,
      ownership,
      files,
    });
  }

  /** apk-tools src/database.c, apk_db_dir_apply_diri_permissions. */
  #share(existing: Entry & { type: "directory" }, entry: PackageEntry): void {
    if (!this.#made.has(existing.path)) return;
    const { uid, gid, mode } = entry;
    if (uid < existing.uid || (uid === existing.uid && gid < existing.gid)) {
      this.#tree.put({ ...existing, uid, gid, mode });
    } else if (uid === existing.uid && gid === existing.gid) {
      this.#tree.put({ ...existing, mode: existing.mode & mode });
    }
  }

  #addFile(opened: OpenPackage, entry: IndexedEntry, place: string): void {
    const target = entry.type === "hardlink" ? this.#linkTarget(opened, entry) : undefined;
    const existing = this.#tree.get(place);
    if (existing) {
      const owner = this.#packages.get(existing.origin);
      if (existing.type === "directory") {
        return this.#report(opened, entry, existing, "a file cannot be where a directory is");
      }
      const verdict = owner === undefined || owner === opened
        ? "conflict"
        : judgePath(owner.package, opened.package);
      if (verdict === "owner") return;
      if (verdict === "conflict") {
        return this.#report(opened, entry, existing, "neither replaces the other");
      }
      owner!.lost.add(place);
    }
    this.#tree.replace(this.#entry(opened, entry, place, target));
    directoryOf(opened, parentOf(entry.path)).files.push(entry.index);
  }

  /** The place of the file of the same package that a hard link names. */
  #linkTarget(opened: OpenPackage, entry: PackageEntry): string {
    const target = entry.target ?? "";
    const directory = opened.directories.get(parentOf(target));
    const found = directory && this.#tree.get(childOf(directory.place, nameOf(target)));
    if (found?.origin === opened.origin && found.type === "file") return found.path;
    if (found?.origin === opened.origin && found.type === "hardlink") return found.target;
    throw broken(
      opened.package,
      `hard link "/${printable(entry.path)}" names "/${printable(target)}", which is no file of it`,
    );
  }

  #entry(opened: OpenPackage, entry: IndexedEntry, place: string, target?: string): Entry {
    const { origin } = opened;
    return treeEntry(opened.package, entry.index, { place, target, epoch: this.#epoch, origin });
  }

  #report(opened: OpenPackage, entry: PackageEntry, existing: Entry, cause: string): void {
    const found = existing.type === "directory" ? undefined : this.#packages.get(existing.origin);
    const owner = found ? labelOf(found.package) : existing.origin;
    this.#conflicts.push({ path: entry.path, newcomer: labelOf(opened.package), owner, cause });
  }
}

function directoryOf(opened: OpenPackage, path: string): OpenDirectory {
  let directory = opened.directories.get(path);
  if (!directory) {
    directory = { path, place: path, linked: false, ownership: UNLISTED, files: [] };
    opened.directories.set(path, directory);
  }
  return directory;
}

function labelOf(unpacked: UnpackedPackage): string {
  return `${unpacked.info.name}-${unpacked.info.version}`;
}

function broken(unpacked: UnpackedPackage, cause: string): TowerError {
  return new TowerError("malformed", `Cannot install "${labelOf(unpacked)}": ${cause}`);
}
