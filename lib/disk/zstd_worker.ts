/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openZstd } from "../format/zstd.ts";
import { answerInOrder } from "./worker_answers.ts";
import { type FrameAnswer, type FrameOrder, zstdHere } from "./zstd_frame.ts";

let encoder: ReturnType<typeof openZstd> | undefined;

answerInOrder<FrameOrder, FrameAnswer>(async ({ bytes, level }) => {
  encoder ??= openZstd(zstdHere(), level);
  const answer = (await encoder(bytes)).slice();
  return { answer, transfer: [answer.buffer] };
});
