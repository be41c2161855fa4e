import { printable, TowerError } from "../errors.ts";
import type { Entry } from "../tree/entry.ts";
import { type FileTree, isCanonical, nameOf, parentOf } from "../tree/file_tree.ts";
import { judgePath } from "./file_conflict.ts";
import { type Installation, ownershipOf, UNLISTED } from "./installation.ts";
import type { InstalledDirectory, InstalledFile } from "./installation.ts";
import { isInstalled, treeEntry } from "./tree_entry.ts";
import type { PackageEntry, UnpackedPackage } from "./types.ts";

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

/** A directory while its files still change hands. */
interface OpenDirectory extends Omit<InstalledDirectory, "files"> {
  readonly files: Map<string, InstalledFile>;
}

interface OpenPackage {
  readonly package: UnpackedPackage;
  readonly directories: Map<string, OpenDirectory>;
  /** Directories that could not be made: what is below them is not reported again. */
  readonly blocked: Set<string>;
}

interface Claim {
  readonly owner: OpenPackage;
  readonly directory: OpenDirectory;
}

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
  const installer = new Installer(tree, options.epoch);
  const opened = packages.map((p) => installer.install(p));
  installer.throwConflicts();
  return {
    packages: opened.map(({ package: unpacked, directories }) => ({
      package: unpacked,
      directories: [...directories.values()].map((d) => ({ ...d, files: [...d.files.values()] })),
    })),
  };
}

class Installer {
  readonly #tree: FileTree;
  readonly #epoch: number;
  readonly #claims = new Map<string, Claim>();
  /** Places of directories that packages made. */
  readonly #made = new Set<string>();
  readonly #conflicts: Conflict[] = [];

  constructor(tree: FileTree, epoch: number) {
    this.#tree = tree;
    this.#epoch = epoch;
  }

  install(unpacked: UnpackedPackage): OpenPackage {
    const opened: OpenPackage = {
      package: unpacked,
      directories: new Map(),
      blocked: new Set(),
    };
    const foreign = unpacked.entries.find((e) => !isCanonical(e.path));
    if (foreign) throw broken(unpacked, `"${printable(foreign.path)}" is not a canonical path`);
    const entries = unpacked.entries.filter((e) => isInstalled(e.path));
    if (unpacked.info.installedSize === 0 && entries.length > 0) {
      throw broken(unpacked, "it has files but an installed size of 0, which apk never unpacks");
    }
    for (const entry of entries) {
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
    return place === "" ? nameOf(entry.path) : `${place}/${nameOf(entry.path)}`;
  }

  #addDirectory(opened: OpenPackage, entry: PackageEntry, place: string): void {
    const existing = this.#tree.get(place);
    let reached = place;
    if (!existing) {
      this.#tree.put(this.#entry(opened, entry, place));
      this.#made.add(place);
    } else if (existing.type === "directory") this.#share(existing, entry);
    else {
      const target = existing.type === "symlink" ? this.#tree.resolve(place) : undefined;
      const isDirectory = target !== undefined && this.#tree.get(target)?.type === "directory";
      if (!isDirectory || this.#claims.get(place)?.owner === opened) {
        opened.blocked.add(entry.path);
        this.#report(opened, entry, existing, "a directory cannot be where a file is");
        return;
      }
      reached = target;
    }
    const ownership = ownershipOf(entry);
    const files = opened.directories.get(entry.path)?.files ?? new Map<string, InstalledFile>();
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

  #addFile(opened: OpenPackage, entry: PackageEntry, place: string): void {
    const target = entry.type === "hardlink" ? this.#linkTarget(opened, entry) : undefined;
    const existing = this.#tree.get(place);
    if (existing) {
      const claim = this.#claims.get(place);
      if (!claim || claim.owner === opened) {
        const cause = existing.type === "directory"
          ? "a file cannot be where a directory is"
          : "neither replaces the other";
        return this.#report(opened, entry, existing, cause);
      }
      const verdict = judgePath(claim.owner.package, opened.package);
      if (verdict === "owner") return;
      if (verdict === "conflict") {
        return this.#report(opened, entry, existing, "neither replaces the other");
      }
      claim.directory.files.delete(nameOf(place));
    }
    this.#tree.replace(this.#entry(opened, entry, place, target?.place));
    const directory = directoryOf(opened, parentOf(entry.path));
    this.#claims.set(place, { owner: opened, directory });
    const sha1 = target ? target.sha1 : entry.sha1;
    directory.files.set(nameOf(place), {
      name: nameOf(place),
      place,
      ownership: ownershipOf(entry),
      ...(sha1 === undefined ? {} : { sha1 }),
    });
  }

  /** The file of the same package that a hard link names. */
  #linkTarget(opened: OpenPackage, entry: PackageEntry): InstalledFile {
    const target = entry.target ?? "";
    const file = opened.directories.get(parentOf(target))?.files.get(nameOf(target));
    const found = file && this.#tree.get(file.place);
    if (file && found?.type === "file") return file;
    if (file && found?.type === "hardlink") return { ...file, place: found.target };
    throw broken(
      opened.package,
      `hard link "/${printable(entry.path)}" names "/${printable(target)}", which is no file of it`,
    );
  }

  #entry(opened: OpenPackage, entry: PackageEntry, place: string, target?: string): Entry {
    return treeEntry(opened.package, entry, { place, target, epoch: this.#epoch });
  }

  #report(opened: OpenPackage, entry: PackageEntry, existing: Entry, cause: string): void {
    const claim = this.#claims.get(existing.path);
    const owner = claim ? labelOf(claim.owner.package) : existing.origin;
    this.#conflicts.push({ path: entry.path, newcomer: labelOf(opened.package), owner, cause });
  }
}

function directoryOf(opened: OpenPackage, path: string): OpenDirectory {
  let directory = opened.directories.get(path);
  if (!directory) {
    directory = { path, place: path, linked: false, ownership: UNLISTED, files: new Map() };
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
