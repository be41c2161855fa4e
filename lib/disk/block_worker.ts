/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type BlockEncoder, encodeBlocks } from "../format/block_compressor.ts";
import { blockEncoderHere, type BlockOrder } from "./block_order.ts";

let encoder: Promise<BlockEncoder> | undefined;

self.onmessage = async ({ data: { blocks, packing } }: MessageEvent<BlockOrder>) => {
  encoder ??= blockEncoderHere(packing);
  const packed = encodeBlocks(blocks, await encoder);
  self.postMessage(packed, [packed.bytes.buffer]);
};
