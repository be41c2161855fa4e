import { type ZstdBuild, zstdBuildFor } from "../format/zstd.ts";

/** The build of libzstd to take in this runtime. */
export function zstdHere(): ZstdBuild {
  return zstdBuildFor(Deno.version.deno);
}

/** A frame's contents, for a worker. */
export interface FrameOrder {
  readonly bytes: Uint8Array;
  readonly level: number;
}

/** The frame. */
export type FrameAnswer = Uint8Array<ArrayBuffer>;
