import { concat } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { crc32 } from "../format/crc.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** What a picture needs. The rest (texts, profiles, times) is left out: readers have had holes there. */
const TAKEN = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
const MOST_PIXELS = 1024;
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** A picture that was written anew. */
export interface PngIcon {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads a PNG (ISO/IEC 15948) chunk by chunk and writes anew what a picture needs.
 * @throws {TowerError} `malformed`
 */
export function pngIcon(bytes: Uint8Array): PngIcon {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw malformed("it is no PNG");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const taken: Uint8Array[] = [SIGNATURE];
  let size: Omit<PngIcon, "bytes"> | undefined;
  let last = "";
  for (let at = SIGNATURE.length; at < bytes.length;) {
    if (last === "IEND") throw malformed("bytes follow its end");
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    const end = at + 12 + length;
    if (end > bytes.length) throw malformed("it is cut short");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw malformed("a chunk has no type");
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw malformed(`the checksum of its chunk "${type}" is wrong`);
    }
    if ((size === undefined) !== (type === "IHDR")) throw malformed("its header is not first");
    if (type === "IHDR") size = headerOf(bytes.subarray(at + 8, end - 4));
    if (!TAKEN.has(type) && type[0] === type[0]!.toUpperCase()) {
      throw malformed(`nobody knows its chunk "${type}"`);
    }
    if (TAKEN.has(type)) taken.push(bytes.slice(at, end));
    last = type;
    at = end;
  }
  if (size === undefined || last !== "IEND") throw malformed("it is cut short");
  return { ...size, bytes: concat(taken) };
}

function headerOf(header: Uint8Array): Omit<PngIcon, "bytes"> {
  if (header.length !== 13) throw malformed("its header has another length");
  const view = new DataView(header.buffer, header.byteOffset);
  const width = view.getUint32(0), height = view.getUint32(4);
  const [depth = 0, color = 0, compression, filter, interlace = 0] = header.subarray(8);
  if (!(DEPTHS[color]?.includes(depth)) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw malformed("its header says what no PNG has");
  }
  for (const side of [width, height]) {
    if (side < 1 || side > MOST_PIXELS) throw malformed(`a side of it has ${side} pixels`);
  }
  return { width, height };
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot take icon: ${cause}`);
}
