import { fileError, isMissing } from "./file_error.ts";
import { makeFolders, parentFolder } from "./folders.ts";

/** A file under a temporary name, removed with its owner unless it got its own name. */
export interface UnnamedFile extends Disposable {
  readonly path: string;
  readonly file: Deno.FsFile;
}

/**
 * Makes an empty file beside `path`, to be renamed to it. It is locked as long as its owner
 * lives; those that dead owners left for the same path are removed.
 */
export function createBeside(path: string): UnnamedFile {
  const folder = parentFolder(path);
  makeFolders(folder);
  const prefix = `.${path.slice(path.lastIndexOf("/") + 1)}.`;
  removeStale(
    folder,
    (name) => name.startsWith(prefix) && /^\d+-\d+\.tmp$/.test(name.slice(prefix.length)),
  );
  for (let i = 0;; i++) {
    const temporary = `${folder}/${prefix}${Deno.pid}-${i}.tmp`;
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(temporary, { read: true, write: true, createNew: true });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
    if (lockIfThere(temporary, file)) {
      return {
        path: temporary,
        file,
        [Symbol.dispose]() {
          removeIfThere(temporary);
          file.close();
        },
      };
    }
    file.close();
  }
}

/** Removes what dead owners left in a folder, whatever it was to become. */
export function removeUnfinished(folder: string): void {
  removeStale(folder, () => true);
}

function removeStale(folder: string, isOurs: (name: string) => boolean): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!/^\..+\.\d+-\d+\.tmp$/.test(name) || !isOurs(name)) continue;
    const path = `${folder}/${name}`;
    try {
      using file = Deno.openSync(path);
      if (lockIfThere(path, file)) Deno.removeSync(path);
    } catch (error) {
      // Another cleaner was quicker, or the file belongs to another user.
      if (!isMissing(error) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
}

/**
 * Locks an open file or folder (flock(2)) if nobody has it and the path still names it: whoever
 * held the lock before may have removed it. The lock goes with the last descriptor.
 */
export function lockIfThere(path: string, file: Deno.FsFile): boolean {
  return file.tryLockSync(true) && isStillThere(path, file);
}

/** Whether a path names this open file. */
export function isStillThere(path: string, file: Deno.FsFile): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Gives a whole file its mode, whatever the umask, and its name; makes the folders it needs. */
export function publish(temporary: string, path: string, mode: number): void {
  Deno.chmodSync(temporary, mode);
  try {
    Deno.renameSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    makeFolders(parentFolder(path));
    Deno.renameSync(temporary, path);
  }
}

/** Makes a rename in a folder last over a power cut. */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path);
  folder.syncSync();
}

/** Writes all bytes where the file stands. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** Bytes of a file, or undefined where there is none. */
export function sizeOfFile(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError("look at", path, error);
  }
}

/** Removes a file; none is no error. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
