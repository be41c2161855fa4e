import { TowerError } from "../errors.ts";
import { attempt, isMissing } from "./file_error.ts";
import { requireFile } from "./regular_file.ts";
import { textOf } from "./files.ts";

/**
 * The bytes of a file in a folder where only those write whom the user trusts anyway: the cache,
 * the keys, the inventory. Unlike `regular_file.ts` it needs no module of Node's, the first of which
 * takes as long to load as a start.
 *
 * @returns undefined where nothing is.
 * @throws {TowerError} `not-found` for something else than a file; `limit`; `permission`.
 */
export function readOwnIfThere(path: string, limit: number): Uint8Array<ArrayBuffer> | undefined {
  return attempt("read", path, () => {
    try {
      const info = Deno.statSync(path);
      requireFile(path, info);
      using file = openAtOnce(path);
      const opened = file.statSync();
      requireFile(path, opened);
      if (opened.size <= limit) {
        const bytes = readAll(file, opened.size, limit);
        if (bytes !== undefined) return bytes;
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    throw new TowerError("limit", `Cannot read "${path}": it has more than ${limit} bytes`);
  });
}

/**
 * Deno has no O_NONBLOCK, without which a FIFO that takes the file's place just then would be waited
 * for; one that is opened to read and write is not (fifo(7)). Who may not write may not put one there.
 */
function openAtOnce(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (isMissing(error)) throw error;
    return Deno.openSync(path);
  }
}

/** All bytes of a file; undefined where there are more than `limit`. */
function readAll(
  file: Deno.FsFile,
  size: number,
  limit: number,
): Uint8Array<ArrayBuffer> | undefined {
  // What the kernel makes up has no size.
  let bytes = new Uint8Array(size + 1);
  for (let length = 0;;) {
    const n = file.readSync(bytes.subarray(length));
    if (n === null) return bytes.subarray(0, length);
    length += n;
    if (length > limit) return undefined;
    if (length === bytes.length) {
      const more = new Uint8Array(2 * length);
      more.set(bytes);
      bytes = more;
    }
  }
}

/** As {@linkcode readOwnIfThere}. @throws {TowerError} `not-found` also where nothing is. */
export function readOwnBytes(path: string, limit: number): Uint8Array<ArrayBuffer> {
  const bytes = readOwnIfThere(path, limit);
  if (bytes !== undefined) return bytes;
  throw new TowerError("not-found", `Cannot read "${path}": there is no such file or folder`);
}

/** As {@linkcode readOwnBytes}, as text. @throws {TowerError} `malformed` too, if no UTF-8. */
export function readOwnText(path: string, limit: number): string {
  return textOf(readOwnBytes(path, limit), path);
}
