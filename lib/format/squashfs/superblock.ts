/** The superblock of squashfs 4.0 (Linux, fs/squashfs/squashfs_fs.h). Numbers are little-endian. */
import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { fields, NOWHERE } from "./fields.ts";

export const SUPERBLOCK = 96;
const MAGIC = 0x73717368;

/** Bytes of a metadata block before it is compressed. */
export const METADATA = 8192;
/** Of a block's size: it is not compressed. */
export const STORED = 1 << 24;
/** "None" in a field of four bytes. */
export const NONE = 0xffffffff;
/** Entries of the table of owners that its count can tell. */
export const MOST_IDS = 65535;
/** Bytes of a name (SQUASHFS_NAME_LEN). */
export const MOST_NAME = 256;
/** Bytes of a link's target: Linux opens none with more, with its NUL. */
export const MOST_TARGET = 4095;

/** Compressors by their number. */
export const COMPRESSORS = {
  gzip: 1,
  lzma: 2,
  lzo: 3,
  xz: 4,
  lz4: 5,
  zstd: 6,
} as const;
export type CompressorName = keyof typeof COMPRESSORS;

export const FLAG = {
  storedInodes: 0x1,
  storedData: 0x2,
  storedFragments: 0x8,
  noFragments: 0x10,
  duplicates: 0x40,
  exportable: 0x80,
  storedXattrs: 0x100,
  noXattrs: 0x200,
  compressorOptions: 0x400,
  storedIds: 0x800,
} as const;

export interface Superblock {
  readonly inodes: number;
  /** Seconds since 1970. */
  readonly made: number;
  /** A power of two from 4 KiB to 1 MiB. */
  readonly blockSize: number;
  readonly fragments: number;
  readonly compressor: CompressorName;
  readonly flags: number;
  readonly ids: number;
  /** Where the root's inode is: block in the inode table × 65536 + offset. */
  readonly root: number;
  /** Bytes of the file system; what lies behind is padding. */
  readonly bytesUsed: number;
  /** Positions of tables; {@linkcode NOWHERE} where there is none. */
  readonly idTable: number;
  readonly xattrTable: number;
  readonly inodeTable: number;
  readonly directoryTable: number;
  readonly fragmentTable: number;
  readonly exportTable: number;
}

export function encodeSuperblock(s: Superblock): Uint8Array<ArrayBuffer> {
  return fields([
    ...([[4, MAGIC], [4, s.inodes], [4, s.made], [4, s.blockSize], [4, s.fragments]] as const),
    ...([[2, COMPRESSORS[s.compressor]], [2, Math.log2(s.blockSize)], [2, s.flags]] as const),
    ...([[2, s.ids], [2, 4], [2, 0], [8, s.root], [8, s.bytesUsed], [8, s.idTable]] as const),
    ...([[8, s.xattrTable], [8, s.inodeTable], [8, s.directoryTable]] as const),
    ...([[8, s.fragmentTable], [8, s.exportTable]] as const),
  ]);
}

/** Whether a file begins as squashfs does. */
export function isSquashfs(source: ByteSource): boolean {
  if (source.size < SUPERBLOCK) return false;
  return viewOf(readExactly(source, 0, 4)).getUint32(0, true) === MAGIC;
}

/**
 * Reads the superblock; every position in it lies in the file, in the order of the format.
 * @throws {TowerError} `malformed`, `unsupported` for another version
 */
export function readSuperblock(source: ByteSource): Superblock {
  if (!isSquashfs(source)) throw malformed("it has no superblock of squashfs");
  const view = viewOf(readExactly(source, 0, SUPERBLOCK));
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const u64 = (at: number) => Number(view.getBigInt64(at, true));
  if (u16(28) !== 4 || u16(30) !== 0) {
    throw new TowerError(
      "unsupported",
      `Cannot read squashfs: its version is ${u16(28)}.${u16(30)}`,
      { hint: "only version 4.0 is read, which Linux has had since 2.6.29" },
    );
  }
  const blockSize = u32(12);
  const isPower = blockSize >= 4096 && blockSize <= 1 << 20 && 2 ** u16(22) === blockSize;
  if (!isPower) throw malformed(`its blocks have ${blockSize} bytes`);
  const compressor = (Object.keys(COMPRESSORS) as CompressorName[])
    .find((name) => COMPRESSORS[name] === u16(20));
  if (compressor === undefined) throw malformed(`its compressor has the number ${u16(20)}`);
  const superblock: Superblock = {
    ...{ inodes: u32(4), made: u32(8), blockSize, fragments: u32(16), compressor },
    ...{ flags: u16(24), ids: u16(26), root: u64(32), bytesUsed: u64(40) },
    ...{ idTable: u64(48), xattrTable: u64(56), inodeTable: u64(64), directoryTable: u64(72) },
    ...{ fragmentTable: u64(80), exportTable: u64(88) },
  };
  checkPositions(superblock, source.size);
  return superblock;
}

function checkPositions(s: Superblock, size: number): void {
  if (s.bytesUsed < SUPERBLOCK || s.bytesUsed > size) {
    throw malformed(`it has ${size} bytes of ${s.bytesUsed}`);
  }
  const before = (what: string, start: number, end: number) => {
    if (start < SUPERBLOCK || start >= end) throw malformed(`its ${what} is at ${start}`);
  };
  before("directory table", s.directoryTable, s.bytesUsed);
  before("inode table", s.inodeTable, s.directoryTable);
  before("table of owners", s.idTable, s.bytesUsed);
  if (s.fragments > 0) before("fragment table", s.fragmentTable, s.bytesUsed);
  if (s.xattrTable !== NOWHERE) before("xattr table", s.xattrTable, s.bytesUsed);
  if (s.root < 0 || !Number.isSafeInteger(s.root)) throw malformed(`its root is at ${s.root}`);
  if (s.ids === 0) throw malformed("it has no owners");
}

/** What is said of an image that cannot be. */
export function malformed(cause: string, error?: unknown): TowerError {
  return new TowerError("malformed", `Cannot read squashfs: ${cause}`, {
    ...(error === undefined ? {} : { cause: error }),
  });
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
