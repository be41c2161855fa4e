import { GzipWriter } from "../../lib/format/gzip.ts";
import { ZSTD_LIBRARY } from "../../lib/format/zstd.ts";
import { type Spool, ZstdFilePacker } from "../../lib/disk/zstd_file_packer.ts";
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

/** A file whose bytes are to be packed, and what it may take beside. */
export interface FileToPack {
  readonly path: string;
  readonly spool: Spool;
}

/**
 * Opens a packer.
 * @param jobs threads that compress, for zstd
 * @param file what the bytes come from, where other threads may read it
 * @param write gets the compressed bytes in order
 * @throws {TowerError} `tool` when xz is asked for and missing
 */
export async function openPacker(
  format: Compression,
  write: (bytes: Uint8Array) => void,
  { runner, jobs, file }: {
    readonly runner: Runner;
    readonly jobs: number;
    readonly file?: FileToPack;
  },
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
      return file !== undefined && jobs > 1 ? zstdOfFile(file, jobs, write) : zstd(jobs, write);
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

function zstdOfFile(
  { path, spool }: FileToPack,
  jobs: number,
  write: (bytes: Uint8Array) => void,
): Packer {
  const packer = new ZstdFilePacker(path, { level: ZSTD_LEVEL, jobs, spool }, write);
  return {
    tool: LIBRARIES.zstd,
    changed: (offset, length) => packer.changed(offset, length),
    push: ({ length }) => packer.done(length),
    end: () => packer.end(),
    [Symbol.asyncDispose]: () => Promise.resolve(packer[Symbol.dispose]()),
  };
}

/** Says before the work starts that a program for one of these formats is missing. */
export function requirePackers(formats: readonly (Compression | "none")[], runner: Runner): void {
  if (formats.includes("xz")) requireXz(runner);
}
