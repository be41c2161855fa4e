import { type ZstdBuild, zstdBuildFor } from "../format/zstd.ts";

/** The build of libzstd to take in this runtime. */
export function zstdHere(): ZstdBuild {
  return zstdBuildFor(Deno.version.deno);
}

/** A frame's contents, for a worker. */
export interface FrameOrder {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly level: number;
}

export interface FrameAnswer {
  readonly frame: Uint8Array<ArrayBuffer>;
  /** The order's bytes, which come back: their memory is used again. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}
