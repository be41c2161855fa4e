import { createHash, type Hash } from "node:crypto";
import { TowerError } from "../errors.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { BMAP_BLOCK } from "../format/bmap.ts";
import { parseBmap } from "../format/bmap_reader.ts";

/** Bytes of an image from `start` to before `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  /** What they must be, where a block map says it: hexadecimal. */
  readonly sha256?: string;
}

/** Bytes of an image in their place. Valid until the next one is asked for. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The parts of an image that matter, in order, as often as they are asked for. */
export interface ImagePieces {
  readonly extents: readonly Extent[];
  pieces(): AsyncIterable<Piece>;
}

const CHUNK = 4 << 20;

/** Size and extents of an image, as its block map has them. @throws {TowerError} as `parseBmap` */
export function mappedExtents(map: Uint8Array, path: string): { size: number; extents: Extent[] } {
  const { imageSize, ranges } = parseBmap(new TextDecoder().decode(map), path);
  const extents = ranges.map(({ first, last, sha256 }) => ({
    start: first * BMAP_BLOCK,
    end: Math.min(imageSize, (last + 1) * BMAP_BLOCK),
    sha256,
  }));
  return { size: imageSize, extents };
}

/** What an image is refused with when it is, or has become, another than was vouched for. */
export function notVouchedFor(path: string): TowerError {
  return new TowerError("untrusted", `Cannot trust "${path}": it is not what SHA256SUMS says`);
}

/**
 * The same pieces, which must be the whole of a file.
 * @throws {TowerError} `untrusted` at their end, when they are not what `sha256` says.
 */
export async function* vouchedFor(
  pieces: AsyncIterable<Piece>,
  sha256: string,
  path: string,
): AsyncGenerator<Piece> {
  const hash = createHash("sha256");
  for await (const piece of pieces) {
    hash.update(piece.bytes);
    yield piece;
  }
  if (hash.digest("hex") !== sha256) throw notVouchedFor(path);
}

/** The parts of an image that can be read anywhere. @throws {TowerError} as {@linkcode checked} */
export function sourcePieces(image: ByteSource, extents: readonly Extent[]): ImagePieces {
  return { extents, pieces: () => checked(cutSource(image, extents), extents) };
}

/**
 * The parts of an image that comes as a stream of `size` bytes.
 * @throws {TowerError} as {@linkcode checked}; `malformed` when the stream has another length.
 */
export function streamPieces(
  open: () => AsyncIterable<Uint8Array>,
  size: number,
  extents: readonly Extent[],
): ImagePieces {
  return { extents, pieces: () => checked(cutStream(open(), size, extents), extents) };
}

async function* cutSource(image: ByteSource, extents: readonly Extent[]): AsyncGenerator<Piece> {
  const chunk = new Uint8Array(CHUNK);
  for (const { start, end } of extents) {
    for (let offset = start; offset < end;) {
      const n = image.readAt(offset, chunk.subarray(0, Math.min(CHUNK, end - offset)));
      if (n <= 0) {
        throw new TowerError("malformed", `Cannot use the image: it ends at ${offset}, not ${end}`);
      }
      yield { offset, bytes: chunk.subarray(0, n) };
      offset += n;
    }
  }
}

async function* cutStream(
  stream: AsyncIterable<Uint8Array>,
  size: number,
  extents: readonly Extent[],
): AsyncGenerator<Piece> {
  const wrong = (found: string) =>
    new TowerError("malformed", `Cannot use the image: it has ${found} bytes, not ${size}`);
  let at = 0;
  let next = 0;
  for await (const bytes of regrouped(stream)) {
    const end = at + bytes.length;
    if (end > size) throw wrong("more");
    while (next < extents.length && extents[next]!.start < end) {
      const extent = extents[next]!;
      const [from, to] = [Math.max(at, extent.start), Math.min(end, extent.end)];
      yield { offset: from, bytes: bytes.subarray(from - at, to - at) };
      if (extent.end > end) break;
      next++;
    }
    at = end;
  }
  if (at !== size) throw wrong(String(at));
}

/** Chunks of one size: what is written at odd places makes the kernel read a device first. */
async function* regrouped(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK);
  let filled = 0;
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + CHUNK - filled);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < CHUNK) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** @throws {TowerError} `untrusted` when an extent is not what its checksum says. */
async function* checked(
  pieces: AsyncIterable<Piece>,
  extents: readonly Extent[],
): AsyncGenerator<Piece> {
  let next = 0;
  let hash: Hash | undefined;
  for await (const piece of pieces) {
    const { end, sha256 } = extents[next]!;
    if (sha256 !== undefined) (hash ??= createHash("sha256")).update(piece.bytes);
    if (piece.offset + piece.bytes.length === end) {
      if (hash && hash.digest("hex") !== sha256) {
        throw new TowerError(
          "untrusted",
          `Cannot trust the image: before byte ${end} it is not what its block map says`,
          { hint: "One of them is of another build: build it again, or get both again" },
        );
      }
      hash = undefined;
      next++;
    }
    yield piece;
  }
}
