/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openZstd } from "../format/zstd.ts";
import { type FrameAnswer, type FrameOrder, zstdHere } from "./zstd_frame.ts";

let encoder: ReturnType<typeof openZstd> | undefined;

self.onmessage = async ({ data: { bytes, level } }: MessageEvent<FrameOrder>) => {
  encoder ??= openZstd(zstdHere(), level);
  const frame: FrameAnswer = (await encoder(bytes)).slice();
  self.postMessage(frame, [frame.buffer]);
};
