import { TowerError } from "../../errors.ts";
import { alignUp, byOffset, FIELD, type Pe, SECTION_HEADER, viewOf } from "./headers.ts";

/** What a section is in memory: initialised data that is read (PE Format, "Section Flags"). */
const READ_ONLY_DATA = 0x4000_0040;
/** Pages of memory: a section of its own begins at one, whatever the image's alignment is. */
const PAGE = 4096;

/** A section to be added. */
export interface NewSection {
  /** 1 to 8 bytes of ASCII, such as `.linux`. */
  readonly name: string;
  /** Bytes, more than 0. */
  readonly size: number;
}

/** An image with sections added, as the ranges that it is written from. */
export interface GrownImage {
  /** The headers, which stand at the image's start. */
  readonly headers: Uint8Array;
  /** The old image's bytes that follow its headers go from here … */
  readonly bodyStart: number;
  /** … to here. */
  readonly bodyEnd: number;
  /** Where the bytes of each new section go, in the order given. */
  readonly offsets: readonly number[];
  /** Bytes of the whole image; what nothing is said of is zero. */
  readonly size: number;
}

/**
 * Adds sections behind those of an image, as a unified kernel image has them behind its stub's.
 *
 * What follows the image's last section goes: a symbol table, which would lie between sections then,
 * where firmware hashes nothing; and a signature, which would no longer fit. The check sum becomes 0,
 * which means none.
 *
 * @throws {TowerError} `conflict` for a section that the image has; `limit` where the headers have no
 * room for more, or the image would be larger than an address of 32 bits.
 */
export function addSections(pe: Pe, sections: readonly NewSection[]): GrownImage {
  const names = pe.sections.map(({ name }) => name);
  for (const { name, size } of sections) {
    if (!/^[\x21-\x7e]{1,8}$/.test(name) || size <= 0) {
      throw new RangeError(`Cannot add section "${name}" of ${size} bytes`);
    }
    if (names.includes(name)) {
      throw new TowerError("conflict", `Cannot add section "${name}": the image has one`);
    }
    names.push(name);
  }
  const tableEnd = pe.sectionTable + names.length * SECTION_HEADER;
  if (tableEnd > pe.headers.length) {
    const room = Math.floor((pe.headers.length - pe.sectionTable) / SECTION_HEADER);
    throw new TowerError(
      "limit",
      `Cannot add ${sections.length} sections: the image's headers have room for ${room} in all`,
    );
  }
  const bodyEnd = byOffset(pe.sections).reduce(
    (end, { rawOffset, rawSize }) => Math.max(end, rawOffset + rawSize),
    pe.headers.length,
  );
  const page = Math.max(PAGE, pe.sectionAlignment);
  let address = pe.sections.reduce((end, s) => Math.max(end, s.virtualAddress + s.virtualSize), 0);
  let offset = bodyEnd;
  const places = sections.map(({ name, size }) => {
    address = alignUp(address, page);
    offset = alignUp(offset, pe.fileAlignment);
    const rawSize = alignUp(size, pe.fileAlignment);
    const place = { name, size, address, offset, rawSize };
    address += size;
    offset += rawSize;
    return place;
  });
  const imageSize = alignUp(address, pe.sectionAlignment);
  if (imageSize > 0xffff_ffff) {
    throw new TowerError("limit", `Cannot make an image of ${imageSize} bytes: 4 GiB is the limit`);
  }
  const headers = grownHeaders(pe, places, imageSize);
  const offsets = places.map((place) => place.offset);
  return { headers, bodyStart: pe.headers.length, bodyEnd, offsets, size: offset };
}

function grownHeaders(
  pe: Pe,
  places: readonly {
    readonly name: string;
    readonly size: number;
    readonly address: number;
    readonly offset: number;
    readonly rawSize: number;
  }[],
  imageSize: number,
): Uint8Array {
  const headers = pe.headers.slice();
  const view = viewOf(headers);
  let at = pe.sectionTable + pe.sections.length * SECTION_HEADER;
  let added = 0;
  for (const { name, size, address, offset, rawSize } of places) {
    headers.fill(0, at, at + SECTION_HEADER);
    headers.set(new TextEncoder().encode(name), at);
    for (const [i, value] of [size, address, rawSize, offset].entries()) {
      view.setUint32(at + 8 + 4 * i, value, true);
    }
    view.setUint32(at + 36, READ_ONLY_DATA, true);
    at += SECTION_HEADER;
    added += rawSize;
  }
  const { coffHeader, optionalHeader } = pe;
  view.setUint16(coffHeader + 6, pe.sections.length + places.length, true);
  view.setUint32(coffHeader + 12, 0, true); // where the symbols were
  view.setUint32(coffHeader + 16, 0, true); // and how many
  const data = view.getUint32(optionalHeader + FIELD.initializedData, true) + added;
  view.setUint32(optionalHeader + FIELD.initializedData, data, true);
  view.setUint32(optionalHeader + FIELD.imageSize, imageSize, true);
  clearSignature(headers, optionalHeader);
  return headers;
}

/** Headers without certificates and check sum. */
export function clearSignature(headers: Uint8Array, optionalHeader: number): void {
  headers.fill(0, optionalHeader + FIELD.checksum, optionalHeader + FIELD.checksum + 4);
  headers.fill(0, optionalHeader + FIELD.certificates, optionalHeader + FIELD.certificates + 8);
}
