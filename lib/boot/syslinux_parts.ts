import { TowerError } from "../errors.ts";

const SECTOR = 512;

/** Marks the boot sector (at 0x1f8) and the patch area of ldlinux.sys. */
export const LDLINUX_MAGIC = 0x3eb202fe;
/** Address at which the boot sector loads ldlinux.sys. */
const LOAD_ADDRESS = 0x8000;
/** Code of ldlinux.sys that stays uncompressed: one segment at most. */
const PLAIN_CODE = 0x8000;
const LARGEST_LOADER = 1 << 20;

/** The two parts of SYSLINUX that must know where they lie on the disk. */
export interface SyslinuxParts {
  /** 512 bytes (upstream's ldlinux.bss). */
  readonly bootSector: Uint8Array;
  /** ldlinux.sys, padded to whole sectors. */
  readonly loader: Uint8Array;
}

/**
 * The parts out of an installer program (`syslinux` or `extlinux`), which carries them as data.
 * The program is only read, never run.
 *
 * @throws {TowerError} `malformed` when they are not in it.
 */
export function extractSyslinux(program: Uint8Array): SyslinuxParts {
  const bootSector = findBootSector(program);
  const start = bootSector && findLoader(program, bootSector);
  const size = start === undefined ? undefined : loaderSize(program.subarray(start));
  if (!bootSector || start === undefined || size === undefined) {
    const what = !bootSector ? "boot sector" : start === undefined ? "loader" : "loader's end";
    throw new TowerError(
      "malformed",
      `Cannot read the SYSLINUX installer: it carries no ${what} of a known form`,
    );
  }
  return { bootSector, loader: padded(program.subarray(start, start + size)) };
}

/**
 * The parts from the files `ldlinux.bss` and `ldlinux.sys`.
 *
 * @throws {TowerError} `malformed` when they are something else or of different builds.
 */
export function pairSyslinux(bootSector: Uint8Array, loader: Uint8Array): SyslinuxParts {
  const sector = findBootSector(bootSector);
  if (!sector || loader.length > LARGEST_LOADER || findLoader(loader, sector) !== 0) {
    throw new TowerError("malformed", "Cannot use ldlinux.bss with ldlinux.sys: no such pair");
  }
  return { bootSector: sector, loader: padded(loader) };
}

function findBootSector(bytes: Uint8Array): Uint8Array | undefined {
  for (const at of findAll(bytes, "SYSLINUX")) {
    const sector = bytes.subarray(at - 3, at - 3 + SECTOR);
    if (at < 3 || sector.length < SECTOR || sector[0] !== 0xeb) continue;
    const view = new DataView(sector.buffer, sector.byteOffset, SECTOR);
    if (view.getUint32(0x1f8, true) !== LDLINUX_MAGIC) continue;
    if (view.getUint16(0x1fe, true) === 0xaa55) return sector.slice();
  }
  return undefined;
}

/**
 * Where ldlinux.sys starts: a banner, soon after it the magic number, and then the number of the
 * build, which the boot sector compares before it jumps.
 */
function findLoader(bytes: Uint8Array, bootSector: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const start of findAll(bytes, "\r\nSYSLINUX ")) {
    for (let at = start; at < start + 128 && at + 8 <= bytes.length; at += 4) {
      if (view.getUint32(at, true) !== LDLINUX_MAGIC) continue;
      const build = bytes.subarray(at + 4, at + 8);
      if (findAll(bootSector, String.fromCharCode(...build)).next().done === false) return start;
    }
  }
  return undefined;
}

/**
 * The length of ldlinux.sys. No field says it, but the code that unpacks the compressed end does:
 * `push size; push esp; push target; push dword [compressed size]; push compressed start; call`
 * (upstream core/init.inc).
 */
function loaderSize(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = Math.min(bytes.length, PLAIN_CODE) - 23;
  for (let at = 0; at < end; at++) {
    const matches = bytes[at] === 0x68 && bytes[at + 5] === 0x54 && bytes[at + 6] === 0x68 &&
      bytes[at + 11] === 0xff && bytes[at + 12] === 0x35 && bytes[at + 17] === 0x68 &&
      bytes[at + 22] === 0xe8;
    if (!matches) continue;
    const sizeField = view.getUint32(at + 13, true) - LOAD_ADDRESS;
    const packed = view.getUint32(at + 18, true) - LOAD_ADDRESS;
    if (sizeField < 0 || sizeField > end || packed < SECTOR) continue;
    const size = packed + view.getUint32(sizeField, true);
    if (size <= Math.min(bytes.length, LARGEST_LOADER)) return size;
  }
  return undefined;
}

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / SECTOR) * SECTOR);
  out.set(bytes);
  return out;
}

function* findAll(bytes: Uint8Array, text: string): Generator<number> {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i === text.length) yield at;
  }
}
