import { statSync } from "node:fs";
import { TowerError } from "../errors.ts";
import { compareBytes, concat } from "../bytes/bytes.ts";
import { attempt, isMissing } from "./file_error.ts";
import { makeFolders, parentFolder } from "./folders.ts";
import { openRegular } from "./regular_file.ts";
import { removeStaleFolders, SessionFolder } from "./session_folder.ts";
import { createBeside, publish, syncFolder, writeAll } from "./whole_file.ts";

/**
 * All bytes of a regular file. @throws {TowerError} as {@linkcode openRegular}; `limit` when it has
 * more than `limit` bytes.
 */
export function readBytes(path: string, limit: number): Uint8Array {
  using file = openRegular(path);
  const parts: Uint8Array[] = [];
  // Files of /proc tell a size of 0, and any file may grow: only reading tells.
  for (let size = 0;;) {
    const part = new Uint8Array(64 << 10);
    const n = file.readAt(size, part);
    if (n === 0) return concat(parts);
    size += n;
    if (size > limit) {
      throw new TowerError("limit", `Cannot read "${path}": it has more than ${limit} bytes`);
    }
    parts.push(part.subarray(0, n));
  }
}

/** A file as text. @throws {TowerError} as {@linkcode readBytes}; `malformed` if it is no UTF-8. */
export function readText(path: string, limit: number): string {
  return textOf(readBytes(path, limit), path);
}

/** Bytes of a file as text. @throws {TowerError} `malformed` if it is no UTF-8. */
export function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read "${path}": it is no UTF-8 text`, { cause });
  }
}

/** Whether a path names anything, links followed. */
export function exists(path: string): boolean {
  return lookedAt(path, Deno.statSync) !== undefined;
}

/** Whether a path names a folder, links followed. */
export function isFolder(path: string): boolean {
  return lookedAt(path, Deno.statSync)?.isDirectory ?? false;
}

/**
 * A path that a user named for a file to be written: a mistyped folder is not made.
 * @throws {TowerError} `not-found` where its folder is not there
 */
export function inFolderThere(path: string): string {
  const folder = parentFolder(path);
  if (exists(folder)) return path;
  throw new TowerError("not-found", `Cannot write "${path}": there is no folder "${folder}"`, {
    hint: "make it first, or name another place",
  });
}

/** What a symbolic link says; undefined where the path names none. */
export function linkTarget(path: string): string | undefined {
  if (!lookedAt(path, Deno.lstatSync)?.isSymlink) return undefined;
  return attempt("look at", path, () => Deno.readLinkSync(path));
}

/** What Deno tells of a path: its start is twice as long with a module of Node's. */
function lookedAt(path: string, look: (path: string) => Deno.FileInfo): Deno.FileInfo | undefined {
  return attempt("look at", path, () => {
    try {
      return look(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/** A path without links. @throws {TowerError} `not-found` */
export function realPath(path: string): string {
  return attempt("find", path, () => Deno.realPathSync(path));
}

/** The names in a folder, ordered by their bytes. */
export function listDir(path: string): string[] {
  const names = attempt("list", path, () => Array.from(Deno.readDirSync(path), (e) => e.name));
  return names.sort(compareBytes);
}

/** Makes a folder and those above it where they are missing, mode 0755 whatever the umask. */
export function makeDir(path: string): void {
  attempt("make folder", path, () => makeFolders(path));
}

/**
 * Writes a file so that every reader, and a computer that loses its power, finds the old content
 * or the new one. The mode is exact, whatever the umask.
 */
export function writeFileAtomic(path: string, bytes: Uint8Array, mode = 0o644): void {
  attempt("write", path, () => {
    using file = createBeside(path);
    writeAll(file.file, bytes);
    file.file.syncDataSync();
    publish(file.path, path, mode);
    syncFolder(parentFolder(path));
  });
}

/** Removes a file, a link or a folder with all it holds; none is no error. */
export function removeTree(path: string): void {
  attempt("remove", path, () => {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
}

/** A folder that goes away with its owner. */
export interface TempDir extends Disposable {
  readonly path: string;
}

/** How the names of such folders begin; a process and a number follow. */
const TEMPORARY = "tower-temporary-";

/**
 * Makes an empty folder below TMPDIR that only its user can enter. Those that killed programs left
 * there, with whole disks in them at times, are removed.
 */
export function tempDir(): TempDir {
  const parent = Deno.env.get("TMPDIR") || "/tmp";
  return attempt("make a folder in", parent, () => {
    removeStaleFolders(parent, TEMPORARY);
    return SessionFolder.create(parent, TEMPORARY);
  });
}

/** What changes when a file is written anew. Plain JSON. */
export interface FileState {
  readonly size: number;
  /** Nanoseconds since 1970, in decimal. Deno 2.9 tells milliseconds, of the ctime seconds. */
  readonly mtime: string;
  /** Of the last change of the file or of what is known of it: no program can set it back. */
  readonly ctime: string;
  readonly inode: string;
}

/** The state of what a path names, links followed; undefined where there is nothing. */
export function fileState(path: string): FileState | undefined {
  const state = attempt(
    "look at",
    path,
    () => statSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  if (state === undefined) return undefined;
  return {
    size: Number(state.size),
    mtime: String(state.mtimeNs),
    ctime: String(state.ctimeNs),
    inode: String(state.ino),
  };
}

/** Whether two states are of the same file, unwritten in between. */
export function isSameState(a: FileState | undefined, b: FileState | undefined): boolean {
  return a !== undefined && b !== undefined &&
    a.size === b.size && a.mtime === b.mtime && a.ctime === b.ctime && a.inode === b.inode;
}
