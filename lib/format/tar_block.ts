import { TowerError } from "../errors.ts";
import { decodeUtf8 } from "./pax.ts";

/** Size of a tar header and unit of an archive. */
export const BLOCK = 512;
const ENCODER = new TextEncoder();

/** The fields of a ustar header; texts are bytes that fit their field. */
export interface TarBlock {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly target: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

/** A ustar header with its checksum. */
export function formatBlock(fields: TarBlock): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK);
  const octal = (at: number, digits: number, value: number) =>
    ENCODER.encodeInto(value.toString(8).padStart(digits, "0"), bytes.subarray(at, at + digits));
  bytes.set(fields.name, 0);
  octal(100, 7, fields.mode);
  octal(108, 7, fields.uid);
  octal(116, 7, fields.gid);
  octal(124, 11, fields.size);
  octal(136, 11, fields.mtime);
  bytes.fill(0x20, 148, 156);
  ENCODER.encodeInto(fields.flag, bytes.subarray(156));
  bytes.set(fields.target, 157);
  ENCODER.encodeInto("ustar\x0000", bytes.subarray(257));
  // apk-tools and GNU tar prefer a name to the number; 0 is root everywhere, the rest is not.
  if (fields.uid === 0) ENCODER.encodeInto("root", bytes.subarray(265));
  if (fields.gid === 0) ENCODER.encodeInto("root", bytes.subarray(297));
  octal(329, 7, fields.major);
  octal(337, 7, fields.minor);
  bytes.set(fields.prefix, 345);
  octal(148, 6, bytes.reduce((sum, b) => sum + b, 0));
  bytes[154] = 0;
  return bytes;
}

/** @throws {TowerError} `malformed` for a header without magic or with a wrong checksum. */
export function checkBlock(block: Uint8Array): void {
  if (String.fromCharCode(...block.subarray(257, 262)) !== "ustar") {
    throw malformed("a header has no ustar magic");
  }
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : block[i]!;
  if (blockNumber(block, 148, 8) !== sum) throw malformed("a header does not match its checksum");
}

/**
 * A number field: octal, or base 256 where the first bit is set (GNU tar).
 * @throws {TowerError} `malformed`.
 */
export function blockNumber(block: Uint8Array, at: number, length: number): number {
  const end = at + length;
  if (block[at]! & 0x80) {
    let value = block[at]! & 0x7f;
    for (let i = at + 1; i < end; i++) value = value * 256 + block[i]!;
    if (!Number.isSafeInteger(value)) throw malformed("a number is too large");
    return value;
  }
  let i = at, value = 0;
  while (i < end && block[i] === 0x20) i++;
  for (; i < end && block[i]! >= 0x30 && block[i]! <= 0x37; i++) {
    value = value * 8 + block[i]! - 0x30;
  }
  for (; i < end; i++) {
    if (block[i] !== 0 && block[i] !== 0x20) throw malformed("a number is not octal");
  }
  return value;
}

/** Whether all numbers of a header are octal, none of base 256. */
export function isOctal(block: Uint8Array): boolean {
  return [100, 108, 116, 124, 136].every((at) => (block[at]! & 0x80) === 0);
}

/** A text field up to its NUL. @throws {TowerError} `malformed` where it is not UTF-8. */
export function blockText(block: Uint8Array, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return end === at ? "" : decodeUtf8(block.subarray(at, end));
}

/** The name with its prefix. */
export function blockName(block: Uint8Array): string {
  const last = blockText(block, 0, 100);
  // GNU's own format has "ustar  " here and uses the prefix for other things.
  const prefix = block[262] === 0 ? blockText(block, 345, 155) : "";
  return prefix === "" ? last : `${prefix}/${last}`;
}

/** Whether a block ends the archive. */
export function isZero(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read tar archive: ${cause}`);
}
