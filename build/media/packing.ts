import { GzipWriter } from "../../lib/format/gzip.ts";
import { ZSTD_LIBRARY } from "../../lib/format/zstd.ts";
import { ZstdPacker } from "../../lib/disk/zstd_packer.ts";
import type { Runner } from "../../lib/proc/command.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import type { Packer } from "./packer.ts";
import { openXz, requireXz } from "./xz.ts";
import { GZIP_LIBRARY } from "../version.ts";

/** Levels by measurement: docs/decisions/0006-disk-compression.md. */
const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;

/** What compresses without a program, for the record. */
export const LIBRARIES = { gzip: GZIP_LIBRARY, zstd: ZSTD_LIBRARY } as const;

/**
 * Opens a packer.
 * @param jobs threads that compress, for zstd
 * @param write gets the compressed bytes in order
 * @throws {TowerError} `tool` when xz is asked for and missing
 */
export async function openPacker(
  format: Compression,
  write: (bytes: Uint8Array) => void,
  { runner, jobs }: { readonly runner: Runner; readonly jobs: number },
): Promise<Packer> {
  switch (format) {
    case "xz":
      return await openXz(write, runner);
    case "gzip": {
      const writer = new GzipWriter(GZIP_LEVEL, write);
      return {
        tool: LIBRARIES.gzip,
        push: (bytes) => writer.write(bytes),
        end: () => writer.end(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    }
    case "zstd":
      return zstd(jobs, write);
  }
}

function zstd(jobs: number, write: (bytes: Uint8Array) => void): Packer {
  const packer = ZstdPacker.open(ZSTD_LEVEL, jobs, write);
  return {
    tool: LIBRARIES.zstd,
    push: (bytes) => packer.push(bytes),
    end: () => packer.end(),
    [Symbol.asyncDispose]: () => Promise.resolve(packer[Symbol.dispose]()),
  };
}

/** Says before the work starts that a program for one of these formats is missing. */
export function requirePackers(formats: readonly (Compression | "none")[], runner: Runner): void {
  if (formats.includes("xz")) requireXz(runner);
}
