import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { TowerError } from "../errors.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { attempt } from "./file_error.ts";

/** A file that stays the same one while it is open, whatever its path names by then. */
export interface RegularFile extends ByteSource, Disposable {
  readonly path: string;
  /** Bytes it had when it was opened; what the kernel makes up, as in /proc, has 0. */
  readonly size: number;
}

/**
 * Opens a file to read. A FIFO would wait for a writer with no signal heard, and opening a device
 * may do something: both are refused unopened, and what takes the file's place in between is
 * opened without waiting (open(2), O_NONBLOCK) and refused then.
 *
 * @throws {TowerError} `not-found` where there is none, or something else than a file;
 * `permission`.
 */
export function openRegular(path: string): RegularFile {
  return attempt("read", path, () => {
    const byPath = statSync(path);
    refuseOthers(path, byPath);
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const state = stateOf(descriptor, byPath);
      refuseOthers(path, state);
      return opened(path, descriptor, state.size);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  });
}

/** What is open; a compiled program's own files tell it by their path alone. */
function stateOf(descriptor: number, byPath: Stats): Stats {
  try {
    return fstatSync(descriptor);
  } catch (error) {
    if (error instanceof Deno.errors.NotSupported) return byPath;
    throw error;
  }
}

function opened(path: string, descriptor: number, size: number): RegularFile {
  let isOpen = true;
  return {
    path,
    size,
    readAt: (offset, into) =>
      attempt("read", path, () => {
        // Its number may be another file's by now.
        if (!isOpen) throw new Error("it is closed");
        return into.length === 0 ? 0 : readSync(descriptor, into, 0, into.length, offset);
      }),
    [Symbol.dispose]() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/** Refuses what is there and is no file, before somebody opens it. */
export function requireRegular(path: string): void {
  attempt("look at", path, () => {
    try {
      requireFile(path, Deno.statSync(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  });
}

/** As {@linkcode requireRegular}, by what Deno tells: a start is twice as long with Node's. */
export function requireFile(path: string, info: Deno.FileInfo): void {
  refuseOthers(path, {
    isFile: () => info.isFile,
    isDirectory: () => info.isDirectory,
    isFIFO: () => info.isFifo === true,
    isSocket: () => info.isSocket === true,
  });
}

/** As {@linkcode requireRegular}, but for a disk image or a block device. */
export function requireDisk(path: string): void {
  const state = attempt("look at", path, () => statSync(path, { throwIfNoEntry: false }));
  if (state !== undefined && !state.isBlockDevice()) refuseOthers(path, state);
}

type State = Pick<
  ReturnType<typeof statSync> & object,
  "isFile" | "isDirectory" | "isFIFO" | "isSocket"
>;

function refuseOthers(path: string, state: State): void {
  if (state.isFile()) return;
  throw new TowerError("not-found", `Cannot use "${path}": it is ${kindOf(state)}`);
}

/** What a path names, in words. */
export function kindOf(state: State): string {
  if (state.isFile()) return "a file";
  if (state.isDirectory()) return "a folder";
  if (state.isFIFO()) return "a FIFO, not a file";
  return state.isSocket() ? "a socket, not a file" : "a device, not a file";
}
