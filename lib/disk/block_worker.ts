/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type BlockEncoder, type Blocks, encodeBlocks } from "../format/block_compressor.ts";
import { blockEncoderHere, type BlockOrder } from "./block_order.ts";
import { answerInOrder } from "./worker_answers.ts";

let encode: BlockEncoder | undefined;

answerInOrder<BlockOrder, Blocks>(async ({ blocks, packing }) => {
  encode ??= blockEncoderHere(packing);
  const answer = await encodeBlocks(blocks, encode);
  return { answer, transfer: [answer.bytes.buffer] };
});
