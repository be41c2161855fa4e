import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { SLOT } from "./directory.ts";
import type { FatType } from "./geometry.ts";
import { malformed } from "./volume.ts";

const BOOT_SECTOR = 512;
/** Most clusters that each type has numbers for (Microsoft FAT specification, §3.5). */
const MOST_CLUSTERS = { fat12: 4084, fat16: 65524, fat32: 0x0ffffff5 } as const;

/** Where the parts of a volume lie, whoever made it. In bytes. */
export interface FatParts {
  readonly type: FatType;
  readonly clusterBytes: number;
  readonly clusters: number;
  readonly table: { readonly start: number; readonly bytes: number };
  /** Of FAT12 and FAT16: a place of its own. Of FAT32: the first of its clusters. */
  readonly root: { readonly start: number; readonly bytes: number } | { readonly cluster: number };
  /** Of cluster 2, the first. */
  readonly data: number;
}

/** Whether a volume begins as FAT does: by what its boot sector must say, as it has no magic. */
export function isFat(source: ByteSource): boolean {
  if (source.size < BOOT_SECTOR) return false;
  const boot = readExactly(source, 0, BOOT_SECTOR);
  const view = new DataView(boot.buffer);
  const jumps = boot[0] === 0xeb && boot[2] === 0x90 || boot[0] === 0xe9;
  return jumps && view.getUint16(510, true) === 0xaa55 && isPower(view.getUint16(11, true)) &&
    isPower(boot[13]!) && (boot[16] === 1 || boot[16] === 2) && boot[21]! >= 0xf0 &&
    view.getUint16(14, true) > 0;
}

function isPower(number: number): boolean {
  return number > 0 && (number & (number - 1)) === 0;
}

/**
 * Reads where a volume's parts lie (Microsoft FAT specification, §3). A table of 16-bit length makes it
 * FAT12 or FAT16, as Linux has it: FAT32 by `mkfs.fat -F 32` may have fewer clusters than it should.
 *
 * @throws {TowerError} `malformed`
 */
export function readFatParts(source: ByteSource): FatParts {
  if (!isFat(source)) throw malformed("it has no boot sector");
  const view = new DataView(readExactly(source, 0, BOOT_SECTOR).buffer);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const sector = u16(11);
  if (sector < 512 || sector > 4096) throw malformed(`its sectors are of ${sector} bytes`);
  const rootBytes = Math.ceil(u16(17) * SLOT / sector) * sector;
  const isWide = u16(22) === 0;
  const tableBytes = (isWide ? u32(36) : u16(22)) * sector;
  const start = u16(14) * sector;
  const rootStart = start + view.getUint8(16) * tableBytes;
  const data = rootStart + rootBytes;
  const bytes = (u16(19) || u32(32)) * sector;
  const clusterBytes = view.getUint8(13) * sector;
  if (tableBytes === 0 || data >= bytes || isWide === rootBytes > 0) {
    throw malformed("its boot sector contradicts itself");
  }
  if (bytes > source.size) throw malformed("it is cut off");
  const room = Math.floor((bytes - data) / clusterBytes);
  const type = isWide ? "fat32" : room <= MOST_CLUSTERS.fat12 ? "fat12" : "fat16";
  const numbered = Math.floor(tableBytes * 8 / { fat12: 12, fat16: 16, fat32: 32 }[type]) - 2;
  const clusters = Math.min(room, MOST_CLUSTERS[type]);
  if (numbered < clusters) throw malformed("its table has a wrong size");
  return {
    ...{ type, clusterBytes, clusters, data, table: { start, bytes: tableBytes } },
    root: isWide ? { cluster: u32(44) } : { start: rootStart, bytes: rootBytes },
  };
}
