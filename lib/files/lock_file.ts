import { TowerError } from "../errors.ts";
import { attempt } from "./file_error.ts";
import { interrupted } from "./interruption.ts";
import { makeFolders, parentFolder } from "./folders.ts";
import { requireRegular } from "./regular_file.ts";
import { isStillThere, removeIfThere, writeAll } from "./whole_file.ts";

/** An exclusive lock; it ends with its disposal or with the process, however that ends. */
export interface FileLock extends Disposable {
  readonly path: string;
}

/** Milliseconds until a waiter asks again: soon at first, as most hold a lock for less. */
const [SOONEST, LATEST] = [5, 200];

/**
 * Takes a lock, which is a file that says who holds it, such as `tower-build build lab`.
 * @throws {TowerError} `busy` when another has it.
 */
export function lockFile(path: string, holder: string): FileLock {
  const result = tryLock(path, holder);
  if (typeof result !== "string") return result;
  throw new TowerError("busy", `Cannot lock "${path}": ${result} has it`, {
    hint: "Wait for it to end, or end it",
  });
}

/** Takes a lock as soon as it is free. `onWait` is told once who has it. */
export async function waitForLock(
  path: string,
  holder: string,
  options: { readonly signal: AbortSignal; readonly onWait: (holder: string) => void },
): Promise<FileLock> {
  for (let pause = SOONEST;; pause = Math.min(LATEST, 2 * pause)) {
    const { signal } = options;
    if (signal.aborted) throw interrupted(`Cannot lock "${path}"`, signal.reason);
    const result = tryLock(path, holder);
    if (typeof result !== "string") return result;
    if (pause === SOONEST) options.onWait(result);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The lock, or who has it. */
function tryLock(path: string, holder: string): FileLock | string {
  return attempt("lock", path, () => {
    makeFolders(parentFolder(path));
    for (;;) {
      // A FIFO would be waited for with no signal heard.
      requireRegular(path);
      const file = Deno.openSync(path, { read: true, write: true, create: true });
      if (!file.tryLockSync(true)) {
        const other = readHolder(file);
        file.close();
        return other;
      }
      if (isStillThere(path, file)) return ownedLock(path, file, holder);
      file.close(); // its owner removed it between our opening and our locking
    }
  });
}

function ownedLock(path: string, file: Deno.FsFile, holder: string): FileLock {
  const release = () => {
    removeIfThere(path);
    file.close();
  };
  try {
    file.truncateSync(0);
    writeAll(file, new TextEncoder().encode(`process ${Deno.pid} (${holder})\n`));
  } catch (error) {
    // On a full disk; who asks again would wait for this process.
    release();
    throw error;
  }
  return { path, [Symbol.dispose]: release };
}

function readHolder(file: Deno.FsFile): string {
  const bytes = new Uint8Array(256);
  const text = new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)).trim();
  return text === "" ? "another process" : text;
}
