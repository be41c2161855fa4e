import { crc32 } from "../crc.ts";
import { BRANCH_FILTERS } from "./branch_filters.ts";
import { decodeLzma2 } from "./lzma2.ts";
import { malformed } from "./xz_error.ts";

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const HEADER = 12;
const LZMA2 = 0x21;
/** Bytes of a check by its number (the .xz file format, 2.1.1.2). */
const CHECKS = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CRC32 = 1;
const MOST_FILTERS = 4;

/**
 * The contents of a small .xz stream, such as a block of squashfs: in pure JavaScript, as a block is
 * wanted at once. Whole files are left to the program xz, which is ten times as fast.
 *
 * Checks by CRC-32 are looked at, others are not; nor is what stands behind the index.
 *
 * @param limit bytes that may come out
 * @throws {TowerError} `malformed`, also for filters that are not known here
 */
export function unpackXz(packed: Uint8Array, limit: number): Uint8Array {
  if (packed.length < HEADER || MAGIC.some((byte, i) => packed[i] !== byte)) {
    throw malformed("its magic number is missing");
  }
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const check = packed[7]!;
  if (packed[6] !== 0 || check > 15 || crc32(packed.subarray(6, 8)) !== view.getUint32(8, true)) {
    throw malformed("its header is damaged");
  }
  const parts: Uint8Array[] = [];
  let [at, size] = [HEADER, 0];
  while (at < packed.length && packed[at] !== 0) {
    const { filters, end } = blockHeader(packed, at);
    const { bytes, used } = decodeLzma2(packed.subarray(end), limit - size);
    for (const undo of filters.toReversed()) undo(bytes);
    at = end + used + (4 - used % 4) % 4 + CHECKS[check]!;
    if (at > packed.length) throw malformed("it ends too early");
    if (check === CRC32 && crc32(bytes) !== view.getUint32(at - 4, true)) {
      throw malformed("the check of a block is another");
    }
    parts.push(bytes);
    size += bytes.length;
  }
  if (at >= packed.length) throw malformed("it ends without an index");
  checkIndex(packed, at, parts.length);
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(size);
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}

/** The index (4): a record of two sizes for each block, which the blocks have told already. */
function checkIndex(packed: Uint8Array, start: number, blocks: number): void {
  const [count, first] = numberAt(packed, start + 1, packed.length);
  if (count !== blocks) throw malformed("its index has other blocks");
  let at = first;
  for (let i = 0; i < 2 * blocks; i++) [, at] = numberAt(packed, at, packed.length);
  const end = at + (4 - (at - start) % 4) % 4;
  if (end + 4 > packed.length) throw malformed("it ends within its index");
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (crc32(packed.subarray(start, end)) !== view.getUint32(end, true)) {
    throw malformed("its index is damaged");
  }
}

interface BlockHeader {
  /** What undoes each filter, in the order in which they were applied. */
  readonly filters: readonly ((bytes: Uint8Array) => void)[];
  readonly end: number;
}

/** The header of a block (3.1): its sizes are not needed, as LZMA2 tells its own. */
function blockHeader(packed: Uint8Array, at: number): BlockHeader {
  const end = at + 4 * (packed[at]! + 1);
  if (end > packed.length) throw malformed("a block ends within its header");
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (crc32(packed.subarray(at, end - 4)) !== view.getUint32(end - 4, true)) {
    throw malformed("a block's header is damaged");
  }
  const flags = packed[at + 1]!;
  let cursor = at + 2;
  const number = () => {
    const [value, next] = numberAt(packed, cursor, end - 4);
    cursor = next;
    return value;
  };
  if (flags & 0x3c) throw malformed("a block's header has flags that are not known");
  for (const bit of [0x40, 0x80]) if (flags & bit) number();
  const filters: ((bytes: Uint8Array) => void)[] = [];
  for (let i = 0, count = (flags & 3) + 1; i < count; i++) {
    const [id, length] = [number(), number()];
    if (cursor + length > end - 4 || i >= MOST_FILTERS) throw malformed("a filter is cut off");
    const start = length === 4 ? view.getUint32(cursor, true) : 0;
    cursor += length;
    if (i === count - 1) {
      if (id !== LZMA2 || length !== 1) throw malformed("it is not compressed by LZMA2");
      continue;
    }
    const undo = BRANCH_FILTERS.get(id);
    if (undo === undefined) {
      throw malformed(`a filter has the number ${id}, which is not known here`);
    }
    filters.push((bytes) => undo(bytes, start));
  }
  return { filters, end };
}

/** A number of seven bits a byte, and where it ends (1.2). */
function numberAt(bytes: Uint8Array, from: number, end: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 9 && from + i < end; i++) {
    const byte = bytes[from + i]!;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, from + i + 1];
  }
  throw malformed("a number is too large, or cut off");
}
