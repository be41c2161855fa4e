import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { DirectoryEntry, Entry, FileEntry, Origin } from "./entry.ts";

/** Longest chain of symbolic links that a look-up follows, as Linux (path_resolution(7)). */
export const MAX_LINKS = 40;

/**
 * A file system in memory that records owner, mode, devices and xattrs without the machine
 * having them. Holds no content, only references to it.
 *
 * Every entry's parent is a directory of the tree. Paths are never followed through symbolic
 * links by `get` and `put`; `resolve` does that explicitly and never leaves the tree.
 */
export class FileTree {
  readonly #entries = new Map<string, Entry>();
  readonly #children = new Map<string, Set<string>>();
  /** Paths of hard links by the path of the file that they name. */
  readonly #links = new Map<string, Set<string>>();

  constructor(root: Omit<DirectoryEntry, "path" | "type">) {
    this.#entries.set("", { ...root, path: "", type: "directory" });
    this.#children.set("", new Set());
  }

  /** Number of entries, the root included. */
  get size(): number {
    return this.#entries.size;
  }

  get(path: string): Entry | undefined {
    return this.#entries.get(path);
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
    if (path !== "") {
      const siblings = this.#children.get(parent);
      if (!siblings) {
        const there = this.#entries.get(parent);
        const link = there?.type === "symlink" ? ` but a link to "${there.target}"` : "";
        throw new TowerError(
          "conflict",
          `Cannot add "/${path}" from ${entry.origin}: "/${parent}" is no directory${link}`,
        );
      }
      const children = this.#children.get(path);
      if (entry.type !== "directory" && children) {
        if (children.size > 0) {
          throw new TowerError(
            "conflict",
            `Cannot add "/${path}" from ${entry.origin}: a directory with content is there`,
          );
        }
        this.#children.delete(path);
      }
      siblings.add(path);
    }
    this.#unlist(path);
    if (entry.type === "hardlink") {
      const links = this.#links.get(entry.target) ?? new Set();
      this.#links.set(entry.target, links.add(path));
    }
    if (entry.type === "directory" && !this.#children.has(path)) {
      this.#children.set(path, new Set());
    }
    this.#entries.set(path, entry);
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
    if (path === "" || this.#entries.has(parent)) return;
    this.putParents(parent, origin, mtime);
    this.put({ type: "directory", path: parent, mode: 0o755, uid: 0, gid: 0, mtime, origin });
  }

  /**
   * Removes an entry and all below it; the root stays. A file stays under its hard links. Returns
   * whether it was there.
   */
  remove(path: string): boolean {
    if (path === "" || !this.#entries.has(path)) return false;
    for (const child of [...(this.#children.get(path) ?? [])]) this.remove(child);
    this.#children.delete(path);
    this.#children.get(parentOf(path))?.delete(path);
    this.#bequeath(path);
    this.#unlist(path);
    return this.#entries.delete(path);
  }

  /** Entries directly below a directory, ordered by the bytes of their path. */
  children(path: string): Entry[] {
    return [...(this.#children.get(path) ?? [])].sort(compareBytes).map((p) => this.#at(p));
  }

  /** All entries: each directory before what it holds, siblings ordered by their bytes. */
  *walk(from = ""): Generator<Entry> {
    const entry = this.#entries.get(from);
    if (!entry) return;
    yield entry;
    for (const child of this.children(from)) yield* this.walk(child.path);
  }

  /**
   * The path that `path` names once all symbolic links are followed as in a chroot:
   * absolute targets start at the tree's root and `..` never leaves it. The last part may be
   * missing from the tree. Undefined for a loop, or where a parent is missing or no directory.
   */
  resolve(path: string): string | undefined {
    let links = 0;
    const pending = path.split("/").filter(isPart).reverse();
    let at = "";
    while (pending.length > 0) {
      const part = pending.pop()!;
      if (part === "..") {
        at = parentOf(at);
        continue;
      }
      if (this.#entries.get(at)?.type !== "directory") return undefined;
      const next = childOf(at, part);
      const entry = this.#entries.get(next);
      if (entry?.type === "symlink") {
        if (++links > MAX_LINKS) return undefined;
        if (entry.target.startsWith("/")) at = "";
        pending.push(...entry.target.split("/").filter(isPart).reverse());
      } else at = next;
    }
    return at;
  }

  /** The regular file that a path names through links, or undefined. */
  file(path: string): FileEntry | undefined {
    const resolved = this.resolve(path);
    let entry = resolved === undefined ? undefined : this.#entries.get(resolved);
    if (entry?.type === "hardlink") entry = this.#entries.get(entry.target);
    return entry?.type === "file" ? entry : undefined;
  }

  /** A copy that shares entries (they are immutable). */
  clone(): FileTree {
    const copy = new FileTree(this.#at("") as DirectoryEntry);
    for (const [path, entry] of this.#entries) copy.#entries.set(path, entry);
    for (const [path, children] of this.#children) copy.#children.set(path, new Set(children));
    for (const [path, links] of this.#links) copy.#links.set(path, new Set(links));
    return copy;
  }

  /** Makes the first hard link of a file the file itself. */
  #bequeath(path: string): void {
    const entry = this.#entries.get(path);
    const [heir, ...others] = this.#links.get(path) ?? [];
    if (entry?.type !== "file" || heir === undefined) return;
    this.put({ ...entry, path: heir });
    for (const other of others) {
      this.put({ ...this.#at(other) as Entry & { type: "hardlink" }, target: heir });
    }
  }

  #unlist(path: string): void {
    const entry = this.#entries.get(path);
    if (entry?.type === "hardlink") this.#links.get(entry.target)?.delete(path);
  }

  #at(path: string): Entry {
    const entry = this.#entries.get(path);
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

function isPart(part: string): boolean {
  return part !== "" && part !== ".";
}
