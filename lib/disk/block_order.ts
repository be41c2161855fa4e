import type { BlockEncoder, Blocks } from "../format/block_compressor.ts";
import { type BlockPacking, openBlockEncoder, zstdBlocksFor } from "../format/block_encoder.ts";

/** Blocks for a worker; every order has the same packing. */
export interface BlockOrder {
  readonly blocks: Blocks;
  readonly packing: BlockPacking;
}

/** The encoder of blocks in this runtime. */
export function blockEncoderHere(packing: BlockPacking): BlockEncoder {
  return openBlockEncoder(packing, zstdBlocksFor(Deno.version.deno));
}
