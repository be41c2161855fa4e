import { TowerError } from "../errors.ts";
import { attempt, isMissing } from "../files/file_error.ts";

/**
 * The bytes of a file in a folder where only those write whom the user trusts anyway: the cache,
 * the keys. Unlike `regular_file.ts` it would wait for a FIFO that takes the file's place just
 * then; but it needs no module of Node's, the first of which takes as long to load as a start.
 *
 * @returns undefined where nothing is.
 * @throws {TowerError} `not-found` for something else than a file; `limit`; `permission`.
 */
export function readOwnBytes(path: string, limit: number): Uint8Array<ArrayBuffer> | undefined {
  return attempt("read", path, () => {
    try {
      const { isFile, isDirectory, size } = Deno.statSync(path);
      if (!isFile) {
        const kind = isDirectory ? "a folder" : "no file";
        throw new TowerError("not-found", `Cannot use "${path}": it is ${kind}`);
      }
      if (size > limit) {
        throw new TowerError("limit", `Cannot read "${path}": it has more than ${limit} bytes`);
      }
      return Deno.readFileSync(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/** As {@linkcode readOwnBytes}, as text. @throws {TowerError} `not-found`; `malformed` if no UTF-8. */
export function readOwnText(path: string, limit: number): string {
  const bytes = readOwnBytes(path, limit);
  if (bytes === undefined) {
    throw new TowerError("not-found", `Cannot read "${path}": there is no such file or folder`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read "${path}": it is no UTF-8 text`, { cause });
  }
}
