import { inflateSync } from "node:zlib";
import { TowerError } from "../../errors.ts";
import { unpackLz4 } from "../lz4_block.ts";
import { unpackXz } from "../xz/unpack_xz.ts";
import { openZstdBlocks } from "../zstd_block.ts";
import { type CompressorName, malformed } from "./superblock.ts";

/**
 * The contents of a block.
 * @param limit bytes that may come out
 * @throws {TowerError} `malformed`
 */
export type Decompress = (packed: Uint8Array, limit: number) => Uint8Array;

const DECOMPRESSORS: Partial<Record<CompressorName, () => Decompress | Promise<Decompress>>> = {
  gzip: () => (packed, limit) =>
    inflateSync(packed, { maxOutputLength: limit, chunkSize: Math.max(limit, 64) }),
  lz4: () => unpackLz4,
  xz: () => unpackXz,
  zstd: openZstdBlocks,
};

/** @throws {TowerError} `unsupported` for a compressor that nothing here can undo */
export async function decompressorFor(name: CompressorName): Promise<Decompress> {
  const open = DECOMPRESSORS[name];
  if (open === undefined) {
    const known = Object.keys(DECOMPRESSORS).join(", ");
    throw new TowerError("unsupported", `Cannot read squashfs: it is compressed by "${name}"`, {
      hint: `unpack it by unsquashfs; what is read is ${known}`,
    });
  }
  const decompress = await open();
  return (packed, limit) => {
    try {
      return decompress(packed, limit);
    } catch (error) {
      throw malformed("a block cannot be decompressed", error);
    }
  };
}
