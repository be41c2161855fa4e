// As a namespace: a Deno that has no zstd would else refuse to load the module.
import * as zlib from "node:zlib";
import { concat } from "../bytes/bytes.ts";

/**
 * Bytes of a frame before compression. A frame knows nothing of the one before it: with 4 MiB a host's
 * image gets 1 % larger than as one frame, and many of them can be made at once.
 */
export const ZSTD_FRAME = 4 << 20;

/** The release of libzstd that made the bytes, by whichever way it was built. */
export const ZSTD_LIBRARY = "zstd 1.5.7";

/** Compresses to one frame (RFC 8878). */
export type ZstdEncoder = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * Versions of Deno whose own libzstd was held against the pinned one and makes the same bytes at the
 * levels that we use. With any other the pinned one is taken, which is five times slower.
 */
const SAME_LIBRARY: ReadonlySet<string> = new Set([
  ...["2.8.0", "2.9.0", "2.9.3", "2.9.5", "2.9.6"],
]);

/** How libzstd is had: the runtime's own, or the pinned one, compiled to WebAssembly. */
export type ZstdBuild = "native" | "wasm";

/** The build to take with a version of Deno. */
export function zstdBuildFor(deno: string): ZstdBuild {
  return SAME_LIBRARY.has(deno) ? "native" : "wasm";
}

/** Bytes of zstd's largest block (RFC 8878, 3.1.1.2.4). */
const BLOCK = 128 << 10;
/** What libzstd makes can depend on how its input is cut. */
const PIECE = 1 << 20;

/**
 * An encoder. What it makes depends on the bytes and the level alone, not on the machine nor on the
 * build.
 * @param level 1 to 19
 */
export function openZstd(build: ZstdBuild, level: number): ZstdEncoder {
  if (!Number.isInteger(level) || level < 1 || level > 19) {
    throw new RangeError(`Cannot compress at level ${level}: zstd has 1 to 19`);
  }
  if (build === "wasm") return (bytes) => pinned(bytes, level);
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: level };
  return async (bytes) => {
    // The pinned build ends a frame that is no whole number of blocks by an empty block.
    if (bytes.length === 0 || bytes.length % BLOCK !== 0) return await pinned(bytes, level);
    // No size is promised: the pinned build cannot do that. Others have their turn meanwhile.
    return await new Promise((resolve, reject) => {
      zlib.zstdCompress(bytes, { chunkSize: PIECE, params }, (error, packed) => {
        if (error) reject(error);
        else resolve(packed);
      });
    });
  };
}

async function pinned(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  // The package has one encoder for all: nothing is waited for from here on.
  const encoder = await Zstd.load();
  encoder.reset();
  encoder.setCompressionLevel(level);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    parts.push(encoder.compressChunk(bytes.subarray(at, at + PIECE)));
  }
  parts.push(encoder.compressEnd());
  return concat(parts);
}
