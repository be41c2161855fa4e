/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type BlockEncoder, encodeBlocks } from "../format/block_compressor.ts";
import { blockEncoderHere, type BlockOrder } from "./block_order.ts";

let encode: BlockEncoder | undefined;
/** Orders are done one after the other: their answers go by their order. */
let before: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<BlockOrder>) => {
  before = before.then(() => answer(data));
};

async function answer({ blocks, packing }: BlockOrder): Promise<void> {
  encode ??= blockEncoderHere(packing);
  const packed = await encodeBlocks(blocks, encode);
  self.postMessage(packed, [packed.bytes.buffer]);
}
