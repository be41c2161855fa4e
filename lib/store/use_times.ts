import { TowerError } from "../errors.ts";
import { attempt, isMissing } from "../files/file_error.ts";

/** A use is noted when the one before is older than this, in milliseconds. */
const NOTED_EVERY = 3600_000;

/** A lock of a store's that stands beside its files (flock(2)). */
export function useLockPath(folder: string): string {
  return `${folder}/use.lock`;
}

/**
 * Notes that a file of a store is used now, in its time of change: not every file system keeps
 * times of access (mount(8), noatime).
 *
 * Whoever removes what was not used for long has the store's lock meanwhile, looks at the time
 * under it, and lets alone what was used within a day. So a file that this call found is there
 * for as long as a build may take.
 *
 * @returns Its size, or undefined where there is none.
 * @throws {TowerError} `io` for a folder: no file can be given its name
 */
export function noteUse(path: string, folder: string): number | undefined {
  const { size, isOld } = look(path) ?? {};
  if (size === undefined || !isOld) return size;
  using _lock = lockUses(folder, "shared");
  try {
    const now = new Date();
    Deno.utimeSync(path, now, now);
  } catch (error) {
    // In the store of another user, and on a disk that is read-only, nobody of ours removes.
    if (!isMissing(error) && !isForbidden(error)) throw error;
  }
  return look(path)?.size;
}

/** Keeps others from noting a use, or from removing files, until it is disposed. */
export function lockUses(folder: string, kind: "shared" | "exclusive"): Disposable {
  const path = useLockPath(folder);
  return attempt("lock", path, () => {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { read: true, write: true, create: true });
    } catch (error) {
      if (kind === "shared" && isForbidden(error)) return { [Symbol.dispose]() {} };
      throw error;
    }
    file.lockSync(kind === "exclusive");
    return { [Symbol.dispose]: () => file.close() };
  });
}

/** Whether a file of a store was not used since a moment, in milliseconds since 1970. */
export function isUnusedSince(state: Deno.FileInfo, moment: number): boolean {
  return state.mtime !== null && state.mtime.getTime() < moment;
}

function look(path: string): { size: number; isOld: boolean } | undefined {
  try {
    const state = Deno.statSync(path);
    if (state.isDirectory) throw inFilesPlace(path);
    return { size: state.size, isOld: isUnusedSince(state, Date.now() - NOTED_EVERY) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function inFilesPlace(path: string): TowerError {
  return new TowerError(
    "io",
    `Cannot use the content store: a folder is where a file goes, "${path}"`,
    {
      hint:
        "no program of Tower makes a folder there: take it away, and what was there is made anew",
    },
  );
}

/** EACCES, EPERM, EROFS: of a user who may only read. */
function isForbidden(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable ||
    (error as { code?: unknown }).code === "EROFS";
}
