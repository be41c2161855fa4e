import { attempt, isMissing } from "./file_error.ts";
import { lockIfThere } from "./whole_file.ts";

/**
 * A folder for the temporary files of one opened store. It is locked as long as its owner lives,
 * so that anyone may remove what a dead owner left. flock(2) holds across PID namespaces, where
 * a process id in the name would name a stranger, and the kernel lets go of it whatever the end.
 */
export class SessionFolder implements Disposable {
  readonly path: string;
  readonly #lock: Deno.FsFile;
  #files = 0;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes a new locked folder below `parent`, which exists. */
  static create(parent: string, prefix = ""): SessionFolder {
    for (let i = 0;; i++) {
      const path = `${parent}/${prefix}${Deno.pid}-${i}`;
      try {
        // No chmod: until it is locked, a cleaner may take it away.
        Deno.mkdirSync(path, { mode: 0o700 });
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw error;
      }
      const lock = lockFolder(path);
      if (lock) return new SessionFolder(path, lock);
    }
  }

  /** A path in the folder that no file has yet. */
  next(): string {
    return `${this.path}/${this.#files++}`;
  }

  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    } finally {
      this.#lock.close();
    }
  }
}

/** Removes the folders below `parent` of such names whose owners ended without doing so. */
export function removeStaleFolders(parent: string, prefix = ""): void {
  for (
    const { name, isDirectory } of attempt("list", parent, () => [...Deno.readDirSync(parent)])
  ) {
    if (!isDirectory || !name.startsWith(prefix)) continue;
    if (prefix !== "" && !/^\d+-\d+$/.test(name.slice(prefix.length))) continue;
    const path = `${parent}/${name}`;
    using lock = lockFolder(path);
    if (!lock) continue;
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      // Another cleaner was quicker, or the folder belongs to another user.
      if (!isMissing(error) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
}

/** Locks a folder; undefined when another owner has it or it is gone. */
function lockFolder(path: string): Deno.FsFile | undefined {
  let folder: Deno.FsFile;
  try {
    folder = Deno.openSync(path);
  } catch (error) {
    if (isMissing(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
  if (lockIfThere(path, folder)) return folder;
  folder.close();
  return undefined;
}
