import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import type { ByteSink } from "../bytes/bytes.ts";
import { digestFromHex } from "../bytes/digest.ts";
import { attempt, fileError } from "./file_error.ts";
import { parentFolder } from "./folders.ts";
import { breathe } from "./interruption.ts";
import { openRegular, requireRegular } from "./regular_file.ts";
import { createBeside, publish, syncFolder, writeAll } from "./whole_file.ts";

/** Bytes of a large file between two looks at the signal. */
const BREATH = 32 << 20;

/**
 * A file that is made out of order and gets its name once it is whole. Disposing it throws away
 * what was not committed.
 */
export interface ArtifactFile extends ByteSink, Disposable {
  /** The path it will have. */
  readonly path: string;
  /** The path it has until then, for programs that write into it. */
  readonly temporary: string;
  /** Sets its length; bytes that were never written are holes that read as zeros. */
  setSize(size: number): void;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at its end. */
  readAt(offset: number, into: Uint8Array): number;
  /** The SHA-256 of what it holds now. */
  digest(): Digest;
  /** Flushes what was written so far while the caller goes on; `commit` then has less to do. */
  flush(): Promise<void>;
  /** Flushes it to the disk and names it; an old file of that name is replaced. Mode 0644. */
  commit(mode?: number): void;
  /** Throws it away. Safe to call after `commit`. */
  discard(): void;
}

/** Starts an artifact in the folder of `path`, which is made where it is missing. */
export function createArtifact(path: string): ArtifactFile {
  const { file, path: temporary, ...rest } = attempt("write", path, () => createBeside(path));
  let position = 0;
  let isOpen = true;
  const discard = () => {
    if (!isOpen) return;
    isOpen = false;
    attempt("remove", temporary, rest[Symbol.dispose]);
  };
  return {
    path,
    temporary,
    writeAt(offset, bytes) {
      attempt("write", path, () => {
        if (offset !== position) file.seekSync(offset, Deno.SeekMode.Start);
        position = -1;
        writeAll(file, bytes);
        position = offset + bytes.length;
      });
    },
    setSize: (size) => attempt("write", path, () => file.truncateSync(size)),
    readAt: (offset, into) =>
      attempt("read", temporary, () => {
        position = -1;
        file.seekSync(offset, Deno.SeekMode.Start);
        return file.readSync(into) ?? 0;
      }),
    digest: () =>
      attempt("read", temporary, () => {
        position = -1;
        return digestOfFile(file);
      }),
    async flush() {
      try {
        // Another descriptor: Deno lets nobody read from one while it is flushed.
        using beside = await Deno.open(temporary);
        await beside.syncData();
      } catch (error) {
        throw fileError("write", path, error);
      }
    },
    commit(mode = 0o644) {
      attempt("write", path, () => {
        file.syncDataSync();
        publish(temporary, path, mode);
        syncFolder(parentFolder(path));
      });
      isOpen = false;
      file.close();
    },
    discard,
    [Symbol.dispose]: discard,
  };
}

/** The SHA-256 of a file on disk. */
export function hashFile(path: string): Digest {
  return attempt("read", path, () => {
    requireRegular(path);
    using file = Deno.openSync(path);
    return digestOfFile(file);
  });
}

/** The same for a large file: a signal ends it. */
export async function hashFileUntil(path: string, signal: AbortSignal): Promise<Digest> {
  using file = openRegular(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  for (let at = 0, n; (n = file.readAt(at, chunk)) > 0; at += n) {
    hash.update(chunk.subarray(0, n));
    if (at % BREATH < n) await breathe(signal);
  }
  return digestFromHex(hash.digest("hex"));
}

function digestOfFile(file: Deno.FsFile): Digest {
  file.seekSync(0, Deno.SeekMode.Start);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  for (let n; (n = file.readSync(chunk)) !== null;) hash.update(chunk.subarray(0, n));
  return digestFromHex(hash.digest("hex"));
}
