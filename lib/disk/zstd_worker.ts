/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openZstd, zstdBuildFor } from "../format/zstd.ts";
import type { FrameAnswer, FrameOrder } from "./zstd_packer.ts";

let encoder: ReturnType<typeof openZstd> | undefined;

self.onmessage = async ({ data: { bytes, level } }: MessageEvent<FrameOrder>) => {
  encoder ??= openZstd(zstdBuildFor(Deno.version.deno), level);
  const frame: FrameAnswer = (await encoder(bytes)).slice();
  self.postMessage(frame, [frame.buffer]);
};
