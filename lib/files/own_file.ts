import { TowerError } from "../errors.ts";
import { attempt, isMissing } from "./file_error.ts";
import { requireFile } from "./regular_file.ts";
import { textOf } from "./files.ts";

/**
 * The bytes of a file in a folder where only those write whom the user trusts anyway: the cache,
 * the keys, the inventory. Unlike `regular_file.ts` it would wait for a FIFO that takes the file's
 * place just then; but it needs no module of Node's, the first of which takes as long to load as a
 * start.
 *
 * @returns undefined where nothing is.
 * @throws {TowerError} `not-found` for something else than a file; `limit`; `permission`.
 */
export function readOwnIfThere(path: string, limit: number): Uint8Array<ArrayBuffer> | undefined {
  return attempt("read", path, () => {
    try {
      const info = Deno.statSync(path);
      requireFile(path, info);
      const bytes = info.size > limit ? undefined : Deno.readFileSync(path);
      if (bytes !== undefined && bytes.length <= limit) return bytes;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    throw new TowerError("limit", `Cannot read "${path}": it has more than ${limit} bytes`);
  });
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
