import { createHash } from "node:crypto";
import { attempt } from "./file_error.ts";
import type { SentError } from "../sent_error.ts";

/** Bytes of a file. What lies behind its end counts as zeros. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

/** What the worker is asked for. */
export interface DigestOrder {
  readonly path: string;
  readonly parts: readonly FilePart[];
}

/** What it answers. */
export type DigestAnswer =
  | { readonly type: "digests"; readonly digests: readonly string[] }
  | { readonly type: "failed"; readonly error: SentError };

const CHUNK = 1 << 20;

/** The SHA-256 of each part of a file, in this thread. */
export function digestParts(path: string, parts: readonly FilePart[]): string[] {
  return attempt("read", path, () => {
    using file = Deno.openSync(path);
    const chunk = new Uint8Array(CHUNK);
    return parts.map(({ offset, length }) => {
      file.seekSync(offset, Deno.SeekMode.Start);
      const hash = createHash("sha256");
      for (let done = 0; done < length;) {
        const wanted = chunk.subarray(0, Math.min(CHUNK, length - done));
        const n = file.readSync(wanted) ?? wanted.fill(0).length;
        hash.update(wanted.subarray(0, n));
        done += n;
      }
      return hash.digest("hex");
    });
  });
}
