import { Decompress } from "fzstd";
import { TowerError } from "../errors.ts";
import { ZstdWindows } from "./zstd_windows.ts";

/** Bytes given to the decoder at once: it may make a block of 128 KiB of each four of them. */
const STEP = 1024;

/**
 * The contents of a stream of zstd frames (RFC 8878), piece by piece. The decoder is JavaScript:
 * the runtime's own takes a stream that breaks off for a whole one, and ends the program where a
 * block is damaged. Checksums of frames are not looked at; who needs to know has a digest.
 *
 * @throws {TowerError} `malformed` when it is no zstd, damaged, or ends too early; `limit` when it
 * asks for more memory than an image needs.
 */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let isEmpty = true;
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) pieces.push(bytes);
  });
  const windows = new ZstdWindows();
  const push = (bytes: Uint8Array, isLast: boolean) => {
    windows.push(bytes);
    try {
      decoder.push(bytes, isLast);
    } catch (cause) {
      throw new TowerError("malformed", "Cannot decompress zstd", { cause });
    }
    const ready = pieces;
    pieces = [];
    return ready;
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += STEP) {
      isEmpty = false;
      yield* push(chunk.subarray(at, at + STEP), false);
    }
  }
  if (isEmpty) throw new TowerError("malformed", "Cannot decompress zstd: there is nothing");
  yield* push(new Uint8Array(), true);
}
