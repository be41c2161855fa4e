import { concat } from "../../../lib/bytes/bytes.ts";

/** What an EFI program of a test holds. */
export interface PeSpec {
  /** IMAGE_FILE_MACHINE_*; x86-64 by default. */
  readonly machine?: number;
  readonly sections?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** SizeOfHeaders: 1024 by default, of which 392 bytes are in use before the section table. */
  readonly headerSize?: number;
  /** Bytes behind the last section, such as symbols. */
  readonly trailer?: Uint8Array;
}

const PE = 0x80;
const OPTIONAL = PE + 24;
const TABLE = OPTIONAL + 240;
const PAGE = 4096;
export const ALIGNMENT = 512;

/** A PE32+ image: headers, then sections at multiples of 512. It has no code that does a thing. */
export function peFile(spec: PeSpec = {}): Uint8Array<ArrayBuffer> {
  const { sections = [{ name: ".text", bytes: new Uint8Array([0xc3]) }], headerSize = 1024 } = spec;
  const headers = new Uint8Array(headerSize);
  const view = new DataView(headers.buffer);
  headers.set([0x4d, 0x5a]);
  view.setUint32(60, PE, true);
  view.setUint32(PE, 0x4550, true);
  view.setUint16(PE + 4, spec.machine ?? 0x8664, true);
  view.setUint16(PE + 6, sections.length, true);
  view.setUint16(PE + 20, 240, true);
  view.setUint16(PE + 22, 0x206, true); // executable, without debugging information
  view.setUint16(OPTIONAL, 0x20b, true);
  view.setUint32(OPTIONAL + 16, PAGE, true); // entry point
  view.setUint32(OPTIONAL + 32, PAGE, true);
  view.setUint32(OPTIONAL + 36, ALIGNMENT, true);
  view.setUint32(OPTIONAL + 60, headerSize, true);
  view.setUint32(OPTIONAL + 64, 0x1234, true); // check sum
  view.setUint16(OPTIONAL + 68, 10, true); // an EFI application
  view.setUint32(OPTIONAL + 108, 16, true);
  const body: Uint8Array[] = [];
  let offset = headerSize, address = PAGE;
  for (const [i, { name, bytes }] of sections.entries()) {
    const at = TABLE + 40 * i;
    const size = Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
    headers.set(new TextEncoder().encode(name), at);
    [bytes.length, address, size, size === 0 ? 0 : offset].forEach((value, field) =>
      view.setUint32(at + 8 + 4 * field, value, true)
    );
    view.setUint32(at + 36, 0x6000_0020, true);
    body.push(bytes, new Uint8Array(size - bytes.length));
    offset += size;
    address += Math.max(1, Math.ceil(bytes.length / PAGE)) * PAGE;
  }
  view.setUint32(OPTIONAL + 56, address, true);
  const trailer = spec.trailer ?? new Uint8Array();
  if (trailer.length > 0) {
    view.setUint32(PE + 12, offset, true);
    view.setUint32(PE + 16, Math.floor(trailer.length / 18), true);
  }
  return concat([headers, ...body, trailer]);
}
