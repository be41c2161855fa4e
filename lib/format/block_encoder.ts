// As a namespace: a Deno that has no zstd would else refuse to load the module.
import * as zlib from "node:zlib";
import { zlibSync } from "fflate";
import type { BlockEncoder } from "./block_compressor.ts";
import type { GzipLevel } from "./gzip.ts";
import type { ZstdBuild } from "./zstd.ts";

/** How the blocks of a file system are compressed. */
export type BlockPacking =
  | { readonly compression: "none" }
  | { readonly compression: "gzip"; readonly level: GzipLevel }
  /** Level 1 to 19. */
  | { readonly compression: "zstd"; readonly level: number };

/**
 * Versions of Deno whose libzstd gives the pinned one's bytes for a block whose size is known
 * beforehand. Every other one takes the pinned one, for three times the time.
 */
const SAME_LIBRARY: ReadonlySet<string> = new Set(["2.9.6"]);

/** Bytes of zstd's largest block (RFC 8878, 3.1.1.2.4). */
const ZSTD_BLOCK = 128 << 10;

/** The build of libzstd that packs blocks with a version of Deno. */
export function zstdBlocksFor(deno: string): ZstdBuild {
  return SAME_LIBRARY.has(deno) ? "native" : "wasm";
}

/**
 * An encoder of blocks of at most 1 MiB: whole zlib streams (RFC 1950) or zstd frames (RFC 8878).
 * Its bytes depend on the block and the packing alone.
 */
export function openBlockEncoder(packing: BlockPacking, build: ZstdBuild): BlockEncoder {
  switch (packing.compression) {
    case "none":
      return (block) => block;
    case "gzip": {
      const { level } = packing;
      return (block) => zlibSync(block, { level });
    }
    case "zstd":
      return zstdBlocks(packing.level, build);
  }
}

function zstdBlocks(level: number, build: ZstdBuild): BlockEncoder {
  if (!Number.isInteger(level) || level < 1 || level > 19) {
    throw new RangeError(`Cannot compress at level ${level}: zstd has 1 to 19`);
  }
  const pinned: BlockEncoder = async (block) => {
    const { Zstd } = await import("@hpcc-js/wasm-zstd");
    return (await Zstd.load()).compress(block, level);
  };
  if (build === "wasm") return pinned;
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: level };
  return (block) => {
    // Node's way ends a frame of more than one block by an empty one, the pinned one's does not.
    if (block.length > ZSTD_BLOCK) return pinned(block);
    // Not telling the size costs tables of megabytes for each block. With room for the whole frame
    // libzstd works in one step, as the pinned one does.
    const chunkSize = block.length + (block.length >> 8) + 1024;
    // `pledgedSrcSize` is documented by Node but missing from the types.
    const options = { chunkSize, pledgedSrcSize: block.length, params };
    return zlib.zstdCompressSync(block, options);
  };
}
