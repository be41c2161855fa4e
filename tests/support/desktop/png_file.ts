import { deflateSync } from "node:zlib";
import { concat } from "../../../lib/bytes/bytes.ts";
import { crc32 } from "../../../lib/format/crc.ts";

/** A chunk of a PNG with its right checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

/** A black square, grey of 8 bits, with a text that names the author. */
export function pngFile(side: number, { width = side } = {}): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, side);
  header[8] = 8;
  const lines = new Uint8Array(Math.min(side, 256) * (Math.min(width, 256) + 1));
  return concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk("IHDR", header),
    pngChunk("tEXt", new TextEncoder().encode("Author\0evil")),
    pngChunk("IDAT", new Uint8Array(deflateSync(lines))),
    pngChunk("IEND", new Uint8Array()),
  ]);
}
