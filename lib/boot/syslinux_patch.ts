import { TowerError } from "../errors.ts";
import type { SectorRun } from "../format/fat/layout.ts";
import { LDLINUX_MAGIC, type SyslinuxParts } from "./syslinux_parts.ts";

const SECTOR = 512;
/** Sectors of the auxiliary data vector (two equal copies) behind ldlinux.sys. */
const ADV_SECTORS = 2;
/** Sectors that one BIOS read takes at most. */
const MOST_READ = 127;
const ADV_HEAD = 0x5a2d2fa5;
const ADV_SUM = 0xa3041767;
const ADV_TAIL = 0xdd28bf64;

/** The parts of a volume's boot sector that belong to its loader: jump and name, then code. */
const LOADER_RANGES = [[0, 11], [90, 510]] as const;

/**
 * The file `ldlinux.sys` before it knows its place: the loader, then an empty auxiliary data
 * vector in two copies, where a running SYSLINUX keeps settings.
 */
export function ldlinuxFile(parts: SyslinuxParts): Uint8Array {
  const bytes = new Uint8Array(parts.loader.length + ADV_SECTORS * SECTOR);
  bytes.set(parts.loader);
  const view = new DataView(bytes.buffer);
  for (let at = parts.loader.length; at < bytes.length; at += SECTOR) {
    view.setUint32(at, ADV_HEAD, true);
    view.setUint32(at + 4, ADV_SUM, true); // the sum less that of the data, which is all zeros
    view.setUint32(at + SECTOR - 4, ADV_TAIL, true);
  }
  return bytes;
}

/** What {@linkcode patchSyslinux} makes. */
export interface PatchedSyslinux {
  /** The volume's boot sector with SYSLINUX' code around its own parameter block. */
  readonly bootSector: Uint8Array;
  /** The file `ldlinux.sys`. */
  readonly file: Uint8Array;
}

/**
 * Tells boot sector and ldlinux.sys which sectors the file has, as the SYSLINUX installer does
 * (upstream libinstaller/syslxmod.c has the layout of the patch area).
 *
 * @param run The sectors of the file, from the start of the volume.
 * @param volumeSector The first sector of the FAT volume.
 * @throws {TowerError} `malformed` when the patch area points out of the loader.
 */
export function patchSyslinux(
  parts: SyslinuxParts,
  run: SectorRun,
  volumeSector: Uint8Array,
): PatchedSyslinux {
  const file = ldlinuxFile(parts);
  if (run.count !== file.length / SECTOR) {
    throw new RangeError(`ldlinux.sys has ${file.length} bytes, its run ${run.count} sectors`);
  }
  const code = parts.bootSector.slice();
  try {
    patchLoader(file, code, run);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TowerError("malformed", "Cannot patch ldlinux.sys: a pointer leaves it", { cause });
  }
  const bootSector = volumeSector.slice();
  for (const [from, to] of LOADER_RANGES) bootSector.set(code.subarray(from, to), from);
  return { bootSector, file };
}

function patchLoader(file: Uint8Array, code: Uint8Array, run: SectorRun): void {
  const view = new DataView(file.buffer, 0, file.length - ADV_SECTORS * SECTOR);
  const codeView = new DataView(code.buffer);
  let area = 0;
  while (view.getUint32(area, true) !== LDLINUX_MAGIC) area += 4;
  const extended = view.getUint16(area + 22, true);
  const pointer = (index: number) => view.getUint16(extended + 2 * index, true);
  const advPointers = pointer(0), extents = pointer(5), mostExtents = pointer(6);
  const words = view.byteLength / 4;

  codeView.setUint32(pointer(7), run.first, true);
  codeView.setUint32(pointer(8), 0, true); // high half
  view.setUint16(area + 8, view.byteLength / SECTOR, true);
  view.setUint16(area + 10, ADV_SECTORS, true);
  view.setUint32(area + 12, words, true);

  const rest = { first: run.first + 1, count: run.count - 1 - ADV_SECTORS };
  const made = extentsOf(rest);
  if (made.length > mostExtents) throw new RangeError(`${made.length} extents`);
  for (let i = 0; i < mostExtents; i++) {
    const { first, count } = made[i] ?? { first: 0, count: 0 };
    view.setBigUint64(extents + 10 * i, BigInt(first), true);
    view.setUint16(extents + 10 * i + 8, count, true);
  }
  for (let i = 0; i < ADV_SECTORS; i++) {
    const sector = rest.first + rest.count + i;
    view.setBigUint64(advPointers + 8 * i, BigInt(sector), true);
  }
  view.setUint32(area + 16, 0, true);
  let sum = LDLINUX_MAGIC;
  for (let i = 0; i < words; i++) sum = sum - view.getUint32(4 * i, true) >>> 0;
  view.setUint32(area + 16, sum, true);
}

/** The run in reads of less than 64 KiB each, as the installer cuts it. */
function extentsOf(run: SectorRun): SectorRun[] {
  const extents: SectorRun[] = [];
  for (let done = 0; done < run.count; done += MOST_READ) {
    extents.push({ first: run.first + done, count: Math.min(MOST_READ, run.count - done) });
  }
  return extents;
}
