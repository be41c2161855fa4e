import { type ZstdBuild, zstdBuildFor } from "../format/zstd.ts";

/** The build of libzstd to take in this runtime. */
export function zstdHere(): ZstdBuild {
  return zstdBuildFor(Deno.version.deno);
}

/** Where a frame's contents lie. What is behind the file's end counts as zeros. */
export interface FramePlace {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** A frame's contents, for a worker. */
export interface FrameOrder {
  readonly from: Uint8Array | FramePlace;
  readonly level: number;
}

/** The frame. */
export type FrameAnswer = Uint8Array<ArrayBuffer>;
