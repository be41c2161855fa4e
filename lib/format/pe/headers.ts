import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";

/** What PE/COFF allows in an image (PE Format, "Section Table"). */
const MAX_SECTIONS = 96;
/** Most bytes of headers that are read; a kernel for aarch64 pads its own to 64 KiB. */
const MAX_HEADERS = 1 << 20;
const DOS_HEADER = 64;
/** Signature and COFF header. */
const COFF_HEADER = 24;
/** Fields of a PE32+ optional header before its data directories. */
const OPTIONAL_FIELDS = 112;
/** Directories up to that of certificates are needed; there are 16 at most. */
const [MIN_DIRECTORIES, MAX_DIRECTORIES] = [5, 16];
export const SECTION_HEADER = 40;
const PE32_PLUS = 0x20b;

/** An entry of the section table. */
export interface PeSection {
  /** At most 8 bytes, all of them printable ASCII. */
  readonly name: string;
  /** Bytes in memory, and where they go from the image's base. */
  readonly virtualSize: number;
  readonly virtualAddress: number;
  /** Bytes in the file, and where they are. */
  readonly rawSize: number;
  readonly rawOffset: number;
}

/** A range of the file. */
export interface PeRange {
  readonly offset: number;
  readonly size: number;
}

/** A PE32+ image whose headers were read. */
export interface Pe {
  readonly source: ByteSource;
  /** IMAGE_FILE_MACHINE_*: 0x8664 x86-64, 0xaa64 AArch64. */
  readonly machine: number;
  /** The headers' bytes, SizeOfHeaders of them. */
  readonly headers: Uint8Array;
  /** Where fields stand in the headers. */
  readonly coffHeader: number;
  readonly optionalHeader: number;
  readonly sectionTable: number;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  /** As the table has them. */
  readonly sections: readonly PeSection[];
  /** The attribute certificate table, which ends the file; undefined where there is none. */
  readonly certificates: PeRange | undefined;
}

/** Offsets in the optional header of a PE32+ image. */
export const FIELD = {
  initializedData: 8,
  imageSize: 56,
  checksum: 64,
  /** The directory of certificates: a file offset and a size, 32 bits each. */
  certificates: OPTIONAL_FIELDS + 4 * 8,
} as const;

/** Whether a source starts as a PE image does. */
export function isPe(source: ByteSource): boolean {
  const magic = new Uint8Array(2);
  return source.readAt(0, magic) === 2 && magic[0] === 0x4d && magic[1] === 0x5a;
}

/**
 * Reads the headers of an EFI program: a PE32+ image (PE Format, "Optional Header"; UEFI, §2.1.1).
 *
 * Refused is what loaders and signature checks may see differently: sections that share bytes of the
 * file or lie outside of it, and a certificate table that does not end the file.
 *
 * @throws {TowerError} `malformed`; `unsupported` for 32-bit images.
 */
export function readPe(source: ByteSource): Pe {
  if (!isPe(source)) throw malformed("it has no MZ header");
  if (source.size < DOS_HEADER) throw malformed("it ends in its header");
  const coffHeader = viewOf(readExactly(source, 0, DOS_HEADER)).getUint32(60, true);
  const optionalHeader = coffHeader + COFF_HEADER;
  if (optionalHeader + OPTIONAL_FIELDS > Math.min(source.size, MAX_HEADERS)) {
    throw malformed("its header is not where it says");
  }
  const fixed = viewOf(readExactly(source, coffHeader, COFF_HEADER + OPTIONAL_FIELDS));
  if (fixed.getUint32(0, true) !== 0x4550) throw malformed("it has no PE header");
  const at = (field: number) => fixed.getUint32(COFF_HEADER + field, true);
  if (fixed.getUint16(COFF_HEADER, true) !== PE32_PLUS) {
    throw new TowerError("unsupported", "Cannot read EFI program: it is not PE32+, for 64 bits");
  }
  const sectionCount = fixed.getUint16(6, true);
  const optionalSize = fixed.getUint16(20, true);
  const directories = at(108);
  if (
    directories < MIN_DIRECTORIES || directories > MAX_DIRECTORIES ||
    optionalSize < OPTIONAL_FIELDS + directories * 8
  ) throw malformed("its data directories are cut off");
  const sectionTable = optionalHeader + optionalSize;
  const headerSize = at(60);
  if (sectionCount === 0 || sectionCount > MAX_SECTIONS) {
    throw malformed(`it has ${sectionCount} sections`);
  }
  if (
    headerSize > Math.min(source.size, MAX_HEADERS) ||
    sectionTable + sectionCount * SECTION_HEADER > headerSize
  ) throw malformed("its section table is cut off");
  const [sectionAlignment, fileAlignment] = [at(32), at(36)];
  for (const alignment of [sectionAlignment, fileAlignment]) {
    if (alignment === 0 || alignment > 1 << 20 || (alignment & alignment - 1) !== 0) {
      throw malformed(`its sections are aligned to ${alignment}`);
    }
  }
  const headers = readExactly(source, 0, headerSize);
  const certificates = certificatesOf(headers, optionalHeader, source.size);
  const end = certificates?.offset ?? source.size;
  const sections = readSections(headers, sectionTable, sectionCount);
  checkPlaces(sections, headerSize, end);
  return {
    source,
    machine: fixed.getUint16(4, true),
    headers,
    ...{ coffHeader, optionalHeader, sectionTable, sectionAlignment, fileAlignment },
    ...{ sections, certificates },
  };
}

function certificatesOf(
  headers: Uint8Array,
  optionalHeader: number,
  fileSize: number,
): PeRange | undefined {
  const view = viewOf(headers);
  const offset = view.getUint32(optionalHeader + FIELD.certificates, true);
  const size = view.getUint32(optionalHeader + FIELD.certificates + 4, true);
  if (offset === 0 && size === 0) return undefined;
  if (offset % 8 !== 0 || size < 8 || offset < headers.length || offset + size !== fileSize) {
    throw malformed("its certificates do not end the file");
  }
  return { offset, size };
}

function readSections(headers: Uint8Array, table: number, count: number): PeSection[] {
  const view = viewOf(headers);
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * SECTION_HEADER;
    const name = new TextDecoder("latin1").decode(headers.subarray(at, at + 8));
    const plain = /^([\x21-\x7e]{1,8})\0*$/.exec(name)?.[1];
    if (plain === undefined) throw malformed("the name of a section is no plain text");
    return {
      name: plain,
      virtualSize: view.getUint32(at + 8, true),
      virtualAddress: view.getUint32(at + 12, true),
      rawSize: view.getUint32(at + 16, true),
      rawOffset: view.getUint32(at + 20, true),
    };
  });
}

function checkPlaces(sections: readonly PeSection[], headerSize: number, end: number): void {
  let before = headerSize;
  for (const { name, rawOffset, rawSize } of byOffset(sections)) {
    if (rawOffset < before || rawOffset + rawSize > end) {
      throw malformed(`its section "${name}" shares bytes with another, or lies outside`);
    }
    before = rawOffset + rawSize;
  }
  for (const { name, virtualAddress, virtualSize } of sections) {
    if (virtualAddress + virtualSize > 0xffff_ffff) {
      throw malformed(`its section "${name}" is too large`);
    }
  }
}

/** Sections that have bytes in the file, in its order. */
export function byOffset(sections: readonly PeSection[]): PeSection[] {
  return sections.filter(({ rawSize }) => rawSize > 0).sort((a, b) => a.rawOffset - b.rawOffset);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The bytes up to the next multiple of a power of two. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read EFI program: ${cause}`);
}
