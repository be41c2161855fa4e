import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import type { ByteSink } from "../bytes/bytes.ts";
import { digestFromHex } from "../bytes/digest.ts";
import { attempt, fileError } from "./file_error.ts";
import { parentFolder } from "./folders.ts";
import { type Breathe } from "../breathe.ts";
import { breathing } from "./interruption.ts";
import { openRegular, requireRegular } from "./regular_file.ts";
import { createBeside, publish, syncFolder, writeAll } from "./whole_file.ts";

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
  digest(breathe: Breathe): Promise<Digest>;
  /** Flushes what was written so far while the caller goes on; `commit` then has less to do. */
  flush(): Promise<void>;
  /** Flushes it to the disk and names it; an old file of that name is replaced. Mode 0644. */
  commit(mode?: number): Promise<void>;
  /** Throws it away. Safe to call after `commit`. */
  discard(): void;
}

/** Starts an artifact in the folder of `path`, which is made where it is missing. */
export function createArtifact(path: string): ArtifactFile {
  const { file, path: temporary, ...rest } = attempt("write", path, () => createBeside(path));
  let position = 0;
  let isOpen = true;
  const flush = async () => {
    try {
      // Another descriptor: Deno lets nobody read from one while it is flushed.
      using beside = await Deno.open(temporary);
      await beside.syncData();
    } catch (error) {
      throw fileError("write", path, error);
    }
  };
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
    async digest(breathe) {
      try {
        position = -1;
        return await digestOfFile(file, breathe);
      } catch (error) {
        throw fileError("read", temporary, error);
      }
    },
    flush,
    async commit(mode = 0o644) {
      // A slow disk takes long for it: others have their turn meanwhile.
      await flush();
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
    const hash = createHash("sha256");
    for (const piece of piecesOfFile(file)) hash.update(piece);
    return digestFromHex(hash.digest("hex"));
  });
}

/**
 * The same for a large file: a signal ends it.
 * @param onRead Told of bytes as they are read.
 */
export async function hashFileUntil(
  path: string,
  signal: AbortSignal,
  onRead: (count: number) => void = () => {},
): Promise<Digest> {
  using file = openRegular(path);
  const breathe = breathing(signal);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  for (let at = 0, n; (n = file.readAt(at, chunk)) > 0; at += n) {
    hash.update(chunk.subarray(0, n));
    onRead(n);
    await breathe();
  }
  return digestFromHex(hash.digest("hex"));
}

async function digestOfFile(file: Deno.FsFile, breathe: Breathe): Promise<Digest> {
  file.seekSync(0, Deno.SeekMode.Start);
  const hash = createHash("sha256");
  for (const piece of piecesOfFile(file)) {
    hash.update(piece);
    await breathe();
  }
  return digestFromHex(hash.digest("hex"));
}

/** From where the file stands to its end; a piece is valid until the next. */
function* piecesOfFile(file: Deno.FsFile): Generator<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  for (let n; (n = file.readSync(chunk)) !== null;) yield chunk.subarray(0, n);
}
