import { z } from "zod";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import type { GzipLevel } from "../../lib/format/gzip.ts";
import { byteSize } from "../../lib/schema/scalars.ts";

/** Levels by measurement: docs/decisions/0029-squashfs.md. */
const LEVELS = { gzip: 6, zstd: 9 } as const;
const MOST_LEVEL = { none: 0, gzip: 9, zstd: 19 } as const;

/** What a manifest may say of how a squashfs is compressed. */
export const packingFields = {
  compression: z.enum(["zstd", "gzip", "none"]).default("zstd").describe(
    "How its blocks are compressed: kernels before 4.14 cannot read zstd.",
  ),
  level: z.int().min(1).max(19).optional().describe(
    "1 to 19 for zstd, 9 by default; 1 to 9 for gzip, 6 by default.",
  ),
  blockSize: byteSize.refine(
    (bytes) => bytes >= 4 << 10 && bytes <= 1 << 20 && Number.isInteger(Math.log2(bytes)),
    "must be a power of two from 4KiB to 1MiB",
  ).default(128 << 10).describe(
    "Bytes that are compressed together, 128KiB by default. More makes it smaller, and each read larger.",
  ),
} as const;

/** How it is compressed, as a manifest says it. */
interface Fields {
  readonly compression: keyof typeof MOST_LEVEL;
  readonly level?: number | undefined;
}

/** Whether its compression has the level, if one is given. */
export function hasLevel({ compression, level }: Fields): boolean {
  return level === undefined || level <= MOST_LEVEL[compression];
}

/** What a level is told that its compression has not. */
export const NO_LEVEL = { path: ["level"], message: "is more than the compression has" };

export function packingOf({ compression, level }: Fields): BlockPacking {
  if (compression === "none") return { compression };
  if (compression === "gzip") {
    return { compression, level: (level ?? LEVELS.gzip) as GzipLevel };
  }
  return { compression, level: level ?? LEVELS.zstd };
}
