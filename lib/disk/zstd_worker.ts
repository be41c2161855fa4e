/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openZstd } from "../format/zstd.ts";
import { answerInOrder } from "./worker_answers.ts";
import { type FrameAnswer, type FrameOrder, zstdHere } from "./zstd_frame.ts";

let encoder: ReturnType<typeof openZstd> | undefined;

answerInOrder<FrameOrder, FrameAnswer>(async ({ bytes, level }) => {
  encoder ??= openZstd(zstdHere(), level);
  const frame = ownBytes(await encoder(bytes));
  return { answer: { frame, bytes }, transfer: [frame.buffer, bytes.buffer] };
});

/** Bytes with a buffer to themselves, which can be given away. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
    ? new Uint8Array(buffer)
    : bytes.slice();
}
