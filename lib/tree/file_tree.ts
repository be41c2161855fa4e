import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { DirectoryEntry, Entry, FileEntry, Origin } from "./entry.ts";

/** Longest chain of symbolic links that a look-up follows, as Linux (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * A file system in memory that records owner, mode, devices and xattrs without the machine
 * having them. Holds no content, only references to it.
 *
 * Every entry's parent is a directory of the tree. Paths are never followed through symbolic
 * links by `get` and `put`; `resolve` does that explicitly and never leaves the tree.
 */
export class FileTree {
  #root: DirectoryEntry;
  #size = 1;
  /** What each directory holds, by path. */
  readonly #directories = new Map<string, Map<string, Entry>>();
  /** Directories that a copy has as well: they are copied before they change. */
  readonly #shared = new Set<string>();
  /** Paths of hard links by the path of the file that they name. */
  readonly #links = new Map<string, Set<string>>();

  constructor(root: Omit<DirectoryEntry, "path" | "type">) {
    this.#root = { ...root, path: "", type: "directory" };
    this.#directories.set("", new Map());
  }

  /** Number of entries, the root included. */
  get size(): number {
    return this.#size;
  }

  get(path: string): Entry | undefined {
    return path === "" ? this.#root : this.#directories.get(parentOf(path))?.get(path);
  }

  /**
   * Adds an entry or replaces the one at its path. A directory that replaces a directory keeps
   * its children; anything else that replaces a non-empty directory is an error.
   *
   * @throws {TowerError} `malformed` for a path that is not canonical, `conflict` when the parent
   * is no directory or a non-empty directory would vanish.
   */
  put(entry: Entry): void {
    const { path } = entry;
    if (path === "" ? entry.type !== "directory" : !isCanonical(path)) {
      throw new TowerError("malformed", `Cannot add "${path}" to the tree: not a canonical path`);
    }
    const parent = parentOf(path);
    if (!this.#directories.has(parent)) {
      const there = this.get(parent);
      const link = there?.type === "symlink" ? ` but a link to "${there.target}"` : "";
      throw new TowerError(
        "conflict",
        `Cannot add "/${path}" from ${entry.origin}: "/${parent}" is no directory${link}`,
      );
    }
    if (entry.type === "directory") {
      if (!this.#directories.has(path)) this.#directories.set(path, new Map());
    } else if (this.#directories.get(path)?.size) {
      throw new TowerError(
        "conflict",
        `Cannot add "/${path}" from ${entry.origin}: a directory with content is there`,
      );
    } else this.#directories.delete(path);
    this.#unlist(path);
    if (entry.type === "hardlink") {
      const links = this.#links.get(entry.target) ?? new Set();
      this.#links.set(entry.target, links.add(path));
    }
    if (path === "") this.#root = entry as DirectoryEntry;
    else {
      const siblings = this.#own(parent);
      if (!siblings.has(path)) this.#size++;
      siblings.set(path, entry);
    }
  }

  /**
   * Puts an entry in the place of another file, as rename(2) does: what has hard links there stays
   * under those.
   */
  replace(entry: Entry): void {
    this.#bequeath(entry.path);
    this.put(entry);
  }

  /** Adds the directories that lead to `path` where they are missing (root:root 0755). */
  putParents(path: string, origin: Origin, mtime: number): void {
    const parent = parentOf(path);
    if (path === "" || this.get(parent)) return;
    this.putParents(parent, origin, mtime);
    this.put({ type: "directory", path: parent, mode: 0o755, uid: 0, gid: 0, mtime, origin });
  }

  /**
   * Removes an entry and all below it; the root stays. A file stays under its hard links. Returns
   * whether it was there.
   */
  remove(path: string): boolean {
    if (path === "" || !this.get(path)) return false;
    for (const child of [...this.#directories.get(path)?.keys() ?? []]) this.remove(child);
    this.#directories.delete(path);
    this.#bequeath(path);
    this.#unlist(path);
    this.#size--;
    return this.#own(parentOf(path)).delete(path);
  }

  /** Entries directly below a directory, ordered by the bytes of their path. */
  children(path: string): Entry[] {
    const entries = this.#directories.get(path)?.values() ?? [];
    return [...entries].sort((a, b) => compareBytes(a.path, b.path));
  }

  /** All entries: each directory before what it holds, siblings ordered by their bytes. */
  *walk(from = ""): Generator<Entry> {
    const pending = [from];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const entry = this.get(path);
      if (!entry) continue;
      yield entry;
      const children = this.children(path);
      for (let i = children.length - 1; i >= 0; i--) pending.push(children[i]!.path);
    }
  }

  /** Whether a hard link names the file at a path. */
  hasLinks(path: string): boolean {
    return (this.#links.get(path)?.size ?? 0) > 0;
  }

  /**
   * The path that `path` names once all symbolic links are followed as in a chroot:
   * absolute targets start at the tree's root and `..` never leaves it. The last part may be
   * missing from the tree. Undefined for a loop, or where a parent is missing or no directory.
   */
  resolve(path: string): string | undefined {
    return this.follow(path, (_, folder) => this.get(folder)?.type === "directory");
  }

  /**
   * Follows a path as in a chroot, whatever is there.
   *
   * @param onName is told each name on the way, links among them, and says whether to go on
   * @returns the path that it leads to; undefined for a loop, or where `onName` did not go on
   */
  follow(
    path: string,
    onName: (name: string, folder: string, entry: Entry | undefined) => boolean,
  ): string | undefined {
    let links = 0;
    const pending = partsOf(path);
    let at = "";
    while (pending.length > 0) {
      const part = pending.pop()!;
      if (part === "..") {
        at = parentOf(at);
        continue;
      }
      const next = childOf(at, part);
      const entry = this.get(next);
      if (!onName(next, at, entry)) return undefined;
      if (entry?.type === "symlink") {
        if (++links > MAX_LINKS) return undefined;
        if (entry.target.startsWith("/")) at = "";
        pending.push(...partsOf(entry.target));
      } else at = next;
    }
    return at;
  }

  /** The regular file that a path names through links, or undefined. */
  file(path: string): FileEntry | undefined {
    const resolved = this.resolve(path);
    let entry = resolved === undefined ? undefined : this.get(resolved);
    if (entry?.type === "hardlink") entry = this.get(entry.target);
    return entry?.type === "file" ? entry : undefined;
  }

  /** A copy that shares entries (they are immutable), and each directory until one changes it. */
  clone(): FileTree {
    const copy = new FileTree(this.#root);
    copy.#size = this.#size;
    for (const [path, entries] of this.#directories) {
      copy.#directories.set(path, entries);
      copy.#shared.add(path);
      this.#shared.add(path);
    }
    for (const [path, links] of this.#links) copy.#links.set(path, new Set(links));
    return copy;
  }

  /** What a directory holds, to be changed. */
  #own(path: string): Map<string, Entry> {
    const entries = this.#directories.get(path)!;
    if (!this.#shared.delete(path)) return entries;
    const own = new Map(entries);
    this.#directories.set(path, own);
    return own;
  }

  /** Makes the first hard link of a file, by the bytes of its path, the file itself. */
  #bequeath(path: string): void {
    const entry = this.get(path);
    const [heir, ...others] = [...this.#links.get(path) ?? []].sort(compareBytes);
    if (entry?.type !== "file" || heir === undefined) return;
    this.put({ ...entry, path: heir });
    for (const other of others) {
      this.put({ ...this.#at(other) as Entry & { type: "hardlink" }, target: heir });
    }
  }

  #unlist(path: string): void {
    const entry = this.get(path);
    if (entry?.type === "hardlink") this.#links.get(entry.target)?.delete(path);
  }

  #at(path: string): Entry {
    const entry = this.get(path);
    if (!entry) throw new Error(`no entry at "${path}"`);
    return entry;
  }
}

/** The path of the directory that holds `path`; the root's is the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The path of what lies in a directory under a name; the root's path is "". */
export function childOf(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Whether a path may name an entry: relative, no empty, `.` or `..` part, no NUL or other
 * control character, at most 4095 bytes with parts of at most 255.
 */
export function isCanonical(path: string): boolean {
  if (path === "" || path.length > 4095 || /[\x00-\x1f\x7f]/.test(path)) return false;
  return path.split("/").every((part) =>
    part !== "" && part !== "." && part !== ".." &&
    (part.length <= 85 || new TextEncoder().encode(part).length <= 255)
  );
}

/** The names in a path, the last one first. */
function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".").reverse();
}
