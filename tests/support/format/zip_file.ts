import { crc32, deflateRawSync } from "node:zlib";
import { concat } from "../../../lib/bytes/bytes.ts";

/** A member of a ZIP archive that a test makes; what is told otherwise is a lie. */
export interface ZipPart {
  readonly name: string;
  readonly text?: string;
  /** 8 by default. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packed?: number;
  /** The whole mode of a Unix; 0100644 by default. */
  readonly mode?: number;
  readonly localName?: string;
  /** Of another member's header. */
  readonly header?: number;
  readonly bytes?: Uint8Array;
}

const encoder = new TextEncoder();

function record(
  size: number,
  fields: readonly (readonly [at: number, bits: 16 | 32, value: number])[],
) {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [at, bits, value] of fields) {
    if (bits === 16) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return bytes;
}

/** A ZIP archive with one volume and a comment (APPNOTE.TXT 6.3.10). */
export function zipFile(parts: readonly ZipPart[], comment = ""): Uint8Array<ArrayBuffer> {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const { name, text = "", method = 8, flags = 0, mode = 0o100644, localName = name } = part;
    const content = encoder.encode(text);
    const bytes = part.bytes ?? (method === 8 ? deflateRawSync(content) : content);
    const { crc = crc32(content), size = content.length, packed = bytes.length } = part;
    const [rawName, rawLocal] = [encoder.encode(name), encoder.encode(localName)];
    const local = record(30, [
      [0, 32, 0x04034b50],
      [6, 16, flags],
      [8, 16, method],
      [14, 32, crc],
      [18, 32, packed],
      [22, 32, size],
      [26, 16, rawLocal.length],
    ]);
    const central = record(46, [
      [0, 32, 0x02014b50],
      [4, 16, 3 << 8 | 30],
      [8, 16, flags],
      [10, 16, method],
      [16, 32, crc],
      [20, 32, packed],
      [24, 32, size],
      [28, 16, rawName.length],
      [38, 32, (mode << 16) >>> 0],
      [42, 32, part.header ?? at],
    ]);
    files.push(local, rawLocal, bytes);
    directory.push(central, rawName);
    at += local.length + rawLocal.length + bytes.length;
  }
  const listed = concat(directory);
  const end = record(22, [
    [0, 32, 0x06054b50],
    [8, 16, parts.length],
    [10, 16, parts.length],
    [12, 32, listed.length],
    [16, 32, at],
    [20, 16, comment.length],
  ]);
  return concat([...files, listed, end, encoder.encode(comment)]);
}
