import { concat } from "../bytes/bytes.ts";
import { type TarEntry, type TarLimits, TarReader } from "./tar_reader.ts";

/** An entry with its content. */
export interface TarFile {
  readonly entry: TarEntry;
  readonly content: Uint8Array;
}

/** All entries of a small archive in memory. @throws {TowerError} `malformed` or `limit`. */
export function readTarFiles(bytes: Uint8Array, limits: TarLimits): TarFile[] {
  const files: TarFile[] = [];
  let current: TarEntry | undefined;
  let parts: Uint8Array[] = [];
  const reader = new TarReader({
    entry: (entry) => {
      current = entry;
      parts = [];
    },
    content: (piece) => parts.push(piece),
    end: () => files.push({ entry: current!, content: concat(parts) }),
  }, limits);
  reader.push(bytes);
  reader.finish();
  return files;
}
