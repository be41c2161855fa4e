import { createHash } from "node:crypto";
import { TowerError } from "../errors.ts";
import { decompressed } from "../format/decompressed.ts";
import type { Runner } from "../proc/command.ts";
import { compressionOf } from "../release/file_names.ts";
import { type ArtifactFile, createArtifact } from "../files/artifact_file.ts";
import { breathing } from "../files/interruption.ts";
import { openRegular, type RegularFile } from "../files/regular_file.ts";
import { dataRuns } from "./flash.ts";
import { notVouchedFor } from "./image_pieces.ts";

const PIECE = 1 << 20;
/** Most bytes of an image: hosts grow to their card on it, so no image is as large as one. */
const MOST_BYTES = 64 * 2 ** 30;
/**
 * Most bytes beside zeros that are put on a disk: as a multiple of the compressed file, and in any
 * case. Real systems have 2 to 4 of them for each that is compressed.
 */
const MOST_INFLATION = 32, ALWAYS = 256 << 20;

/** As {@linkcode unpacked}, of an image by its path. */
export async function* imagePieces(
  path: string,
  runner: Runner,
  signal: AbortSignal,
  mostBytes = MOST_BYTES,
): AsyncGenerator<Uint8Array> {
  using file = openRegular(path);
  yield* unpacked(file, runner, signal, undefined, mostBytes);
}

/**
 * The bytes of an image in order, decompressed as its name says. Holds a few pieces, whatever the
 * image's size.
 *
 * @param sha256 What the file must be, where that is known: all of it is read then, and its digest
 * compared before the end.
 * @throws {TowerError} `malformed` when it is damaged or not whole, `untrusted` when it is not what
 * `sha256` says, `tool` where there is no xz, `limit` when it has more than 64 GiB or needs more
 * memory than an image does.
 */
export async function* unpacked(
  file: RegularFile,
  runner: Runner,
  signal: AbortSignal,
  sha256?: string,
  mostBytes = MOST_BYTES,
): AsyncGenerator<Uint8Array> {
  const hash = sha256 === undefined ? undefined : createHash("sha256");
  const breathe = breathing(signal);
  let at = 0;
  // Goes on where it was left: a decompressor may end before its file does.
  const chunks = async function* () {
    for (;;) {
      signal.throwIfAborted();
      // Each chunk is an array of its own.
      const bytes = new Uint8Array(PIECE);
      const n = file.readAt(at, bytes);
      if (n === 0) return;
      at += n;
      hash?.update(bytes.subarray(0, n));
      yield bytes.subarray(0, n);
    }
  };
  let size = 0;
  try {
    for await (
      const bytes of decompressed(chunks(), compressionOf(file.path), file.path, { runner, signal })
    ) {
      signal.throwIfAborted();
      size += bytes.length;
      if (size > mostBytes) throw tooLarge(file.path, `more than ${mostBytes} bytes`);
      yield bytes;
      // Of what comes out: a piece of a file may hold a thousand times as much.
      await breathe();
    }
    if (hash === undefined) return;
    for await (const _ of chunks()) await breathe();
    if (hash.digest("hex") !== sha256) throw notVouchedFor(file.path);
  } catch (error) {
    signal.throwIfAborted();
    throw asDamage(error, file.path);
  }
}

/** What a decompressor fails with, as an error of the image; another error as it is. */
export function asDamage(error: unknown, path: string): unknown {
  const isDamage = error instanceof TowerError
    ? error.code === "malformed"
    : (error as { code?: unknown }).code?.toString().startsWith("Z_");
  if (!isDamage) return error;
  const message = `Cannot decompress "${path}": it is damaged or not whole`;
  return new TowerError("malformed", message, { cause: error });
}

function tooLarge(path: string, what: string): TowerError {
  return new TowerError("limit", `Cannot decompress "${path}": it holds ${what}`);
}

/**
 * Writes an image, decompressed, to a new file of this user's alone; blocks of zeros stay holes.
 * @throws {TowerError} as {@linkcode imagePieces}, and `limit` before a small file fills the disk;
 * nothing is left then.
 *
 * @param onRead Told of how many bytes of the compressed file were read, and how many it has.
 */
export async function unpackImage(
  from: string,
  to: string,
  runner: Runner,
  signal: AbortSignal,
  onRead: (done: number, total: number) => void = () => {},
): Promise<void> {
  using file = createArtifact(to);
  using packed = openRegular(from);
  const heard = {
    ...packed,
    readAt(offset: number, into: Uint8Array) {
      const n = packed.readAt(offset, into);
      onRead(offset + n, packed.size);
      return n;
    },
  };
  const stream = unpacked(heard, runner, signal);
  await writeSparsely(stream, file, mostUnpacked(packed.size), from, signal);
  await file.commit(0o600);
}

/** Bytes beside zeros that a compressed image may become. */
export function mostUnpacked(packedSize: number): number {
  return ALWAYS + MOST_INFLATION * packedSize;
}

/**
 * Writes a stream to a new file, blocks of zeros as holes; returns its size.
 *
 * @param most Bytes beside zeros that are written at most.
 * @param from for messages
 * @throws {TowerError} `limit`; the signal's reason
 */
export async function writeSparsely(
  stream: AsyncIterable<Uint8Array>,
  file: Pick<ArtifactFile, "writeAt" | "setSize">,
  most: number,
  from: string,
  signal: AbortSignal,
): Promise<number> {
  const breathe = breathing(signal);
  let size = 0;
  let written = 0;
  for await (const bytes of stream) {
    await breathe();
    for (const { start, end } of dataRuns(bytes)) {
      written += end - start;
      if (written > most) {
        throw tooLarge(from, `more than ${most} bytes, which a real image of its size does not`);
      }
      file.writeAt(size + start, bytes.subarray(start, end));
    }
    size += bytes.length;
    if (size > MOST_BYTES) throw tooLarge(from, `more than ${MOST_BYTES} bytes`);
  }
  file.setSize(size);
  return size;
}
