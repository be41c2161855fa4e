import { createHash, type Hash } from "node:crypto";
import { compareBytes } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { isCanonical, parentOf } from "../tree/file_tree.ts";
import type { ArchiveEntry, EntryHandler, RawEntry } from "./entry.ts";
import { shownName } from "./shown_name.ts";

/** uid_t of Linux without the value that means "none". */
const MAX_ID = 2 ** 32 - 2;
/** Major and minor numbers of Linux have 12 and 20 bits. */
const MAX_MAJOR = 2 ** 12 - 1, MAX_MINOR = 2 ** 20 - 1;
/**
 * Most characters of all paths, targets and attributes together, and what each path counts beside its
 * own: all of them are held in memory, and then written as one text. Linux's sources have 6 Mi.
 */
const MOST_TEXT = 128 << 20, EACH = 64;

/** Checks the entries of an archive while they are read, and keeps them. */
export class ArchiveCollector implements EntryHandler {
  readonly #entries: ArchiveEntry[] = [];
  readonly #byPath = new Map<string, ArchiveEntry>();
  /** Folders that paths lead through, listed or not, each with the first path that does. */
  readonly #folders = new Map<string, string>();
  #text = 0;
  #last: { raw: RawEntry; path: string; hash: Hash } | undefined;

  /**
   * All entries, once every one of them was read.
   * @throws {TowerError} `malformed` where one lies below what is no directory: a link would lead it
   * elsewhere.
   */
  entries(): readonly ArchiveEntry[] {
    for (const [folder, path] of this.#folders) {
      const there = this.#byPath.get(folder);
      if (there === undefined || there.type === "directory") continue;
      throw refused(path, `"${shownName(folder)}" is a ${there.type} of the archive`);
    }
    return this.#entries;
  }

  /** @throws {TowerError} `malformed`, or `limit` where all of them say too much. */
  entry(raw: RawEntry): void {
    const path = raw.path.replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
    if (raw.type === "directory" && (path === "" || path === ".")) return;
    if (!isCanonical(path)) throw refused(raw.path, "its path is not plain, or leaves the archive");
    if (this.#byPath.has(path)) throw refused(path, "it comes twice");
    if (raw.uid > MAX_ID || raw.gid > MAX_ID) throw refused(path, "its owner is out of range");
    this.#count(path);
    this.#text += raw.target.length;
    for (const [name, value] of raw.xattrs) this.#text += name.length + 2 * value.length;
    for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) {
      if (this.#folders.has(folder)) break;
      this.#folders.set(folder, path);
      this.#count(folder);
    }
    this.#last = { raw, path, hash: createHash("sha256") };
  }

  content(bytes: Uint8Array): void {
    this.#last?.hash.update(bytes);
  }

  end(): void {
    if (!this.#last) return;
    const { raw, path, hash } = this.#last;
    this.#last = undefined;
    const { type, mode, uid, gid } = raw;
    const entry = {
      ...{ type, path, mode, uid, gid },
      ...this.#partsOf(raw, path, hash),
      ...xattrsOf(raw, path),
    };
    this.#entries.push(entry);
    this.#byPath.set(path, entry);
  }

  /** Folders that only paths name become directories as well. */
  #count(path: string): void {
    this.#text += EACH + path.length;
    if (this.#text <= MOST_TEXT) return;
    const what = `its paths, links and attributes have more than ${MOST_TEXT} characters`;
    throw new TowerError("limit", `Cannot take all of the archive: ${what}`);
  }

  #partsOf(raw: RawEntry, path: string, hash: Hash): Partial<ArchiveEntry> {
    const { type, offset, size, target, major, minor } = raw;
    switch (type) {
      case "file":
        return { content: { offset, size, sha256: hash.digest("hex") } };
      case "symlink":
        if (target === "" || target.length > 4095 || /[\x00-\x1f\x7f]/.test(target)) {
          throw refused(path, "the target of the link is not allowed");
        }
        return { target };
      case "hardlink":
        return { target: this.#linked(target, path) };
      case "char":
      case "block":
        if (major > MAX_MAJOR || minor > MAX_MINOR) {
          throw refused(path, "the device has numbers that Linux has not");
        }
        return { device: [major, minor] };
      default:
        return {};
    }
  }

  #linked(target: string, path: string): string {
    const plain = target.replace(/^(?:\.\/+)+/, "");
    const named = this.#byPath.get(plain);
    const file = named?.type === "hardlink" ? this.#byPath.get(named.target!) : named;
    if (file?.type === "file") return file.path;
    throw refused(path, `it is a hard link to "${shownName(target)}", no file before it`);
  }
}

function xattrsOf({ xattrs }: RawEntry, path: string): Pick<ArchiveEntry, "xattrs"> {
  if (xattrs.size === 0) return {};
  const names = [...xattrs.keys()].sort(compareBytes);
  if (!names.every((name) => /^[\x21-\x7e]{1,255}$/.test(name))) {
    throw refused(path, "an attribute has a bad name");
  }
  return { xattrs: names.map((name) => [name, xattrs.get(name)!.toBase64()] as const) };
}

function refused(path: string, cause: string): TowerError {
  return new TowerError("malformed", `Cannot take "${shownName(path)}" of the archive: ${cause}`);
}
