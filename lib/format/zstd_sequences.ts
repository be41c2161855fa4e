/** How much a compressed block makes, told without making it (RFC 8878, 3.1.1.3 and 4.1). */
import { TowerError } from "../errors.ts";

/** Bytes of zstd's largest block, before and behind its compression (3.1.1.2.3). */
export const ZSTD_BLOCK = 128 << 10;

/** States of a table by their number: what symbol one is, and where it leads. */
interface Table {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly next: Uint16Array;
}

/** Bits that follow a code, and what the code stands for without them. */
interface Codes {
  readonly bits: readonly number[];
  readonly base: readonly number[];
}

function codesFrom(first: number, plain: number, bits: readonly number[]): Codes {
  const all = [...Array<number>(plain).fill(0), ...bits];
  let next = first;
  const base = all.map((count) => {
    const value = next;
    next += 2 ** count;
    return value;
  });
  return { bits: all, base };
}

const LITERALS = codesFrom(0, 16, [
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
]);
const MATCHES = codesFrom(3, 32, [
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);
const MOST_OFFSET_CODE = 31;

const runs = (...parts: readonly (readonly [value: number, count: number])[]) =>
  parts.flatMap(([value, count]) => Array<number>(count).fill(value));

/** In the order in which a block has them: lengths of literals, offsets, lengths of matches. */
const KINDS = [
  {
    ...{ most: LITERALS.bits.length - 1, accuracy: 9 },
    usual: tableOf(6, [4, 3, ...runs([2, 11], [1, 3], [2, 9]), 3, 2, ...runs([1, 5], [-1, 4])]),
  },
  {
    ...{ most: MOST_OFFSET_CODE, accuracy: 8 },
    usual: tableOf(5, runs([1, 6], [2, 3], [1, 15], [-1, 5])),
  },
  {
    ...{ most: MATCHES.bits.length - 1, accuracy: 9 },
    usual: tableOf(6, [1, 4, 3, ...runs([2, 6], [1, 37], [-1, 7])]),
  },
] as const;
const MODE = { usual: 0, single: 1, described: 2 } as const;

/** Tells of each compressed block of a frame what it makes: its tables may be those of one before. */
export class ZstdSequences {
  #tables: readonly (Table | undefined)[] = [];

  /** @throws {TowerError} `malformed` for more than a block may make, and for what is no block */
  sizeOf(block: Uint8Array): number {
    const { made, end } = literalsOf(block);
    if (made > ZSTD_BLOCK) throw tooMuch();
    const { count, at } = countOf(block, end);
    if (count === 0) return made;
    const modes = byteAt(block, at);
    if (modes & 3) throw malformed("a block has modes that are not known");
    let cursor = at + 1;
    const tables = KINDS.map((kind, i) => {
      const mode = modes >> (6 - 2 * i) & 3;
      if (mode === MODE.usual) return kind.usual;
      if (mode === MODE.single) {
        const symbol = byteAt(block, cursor++);
        if (symbol > kind.most) throw malformed("a code is none");
        return single(symbol);
      }
      if (mode === MODE.described) {
        const { table, end } = described(block, cursor, kind);
        cursor = end;
        return table;
      }
      const before = this.#tables[i];
      if (before === undefined) throw malformed("a block repeats tables that are not there");
      return before;
    });
    this.#tables = tables;
    return lengths(block.subarray(cursor), count, tables, made);
  }
}

/** What the sequences make: all literals, and their matches. */
function lengths(
  stream: Uint8Array,
  count: number,
  [literals, offsets, matches]: readonly Table[],
  made: number,
): number {
  const bits = new BackwardBits(stream);
  let literal = bits.take(literals!.accuracy);
  let offset = bits.take(offsets!.accuracy);
  let match = bits.take(matches!.accuracy);
  let [used, total] = [0, made];
  for (let left = count; left > 0; left--) {
    bits.take(offsets!.symbols[offset]!);
    const matchCode = matches!.symbols[match]!;
    total += MATCHES.base[matchCode]! + bits.take(MATCHES.bits[matchCode]!);
    const literalCode = literals!.symbols[literal]!;
    used += LITERALS.base[literalCode]! + bits.take(LITERALS.bits[literalCode]!);
    if (total > ZSTD_BLOCK || used > made) throw tooMuch();
    if (left === 1) break;
    literal = literals!.next[literal]! + bits.take(literals!.bits[literal]!);
    match = matches!.next[match]! + bits.take(matches!.bits[match]!);
    offset = offsets!.next[offset]! + bits.take(offsets!.bits[offset]!);
  }
  return total;
}

/** Bits from the end of bytes on, where the highest one that is set marks it. */
class BackwardBits {
  readonly #bytes: Uint8Array;
  #left: number;

  constructor(bytes: Uint8Array) {
    const last = bytes.at(-1) ?? 0;
    if (last === 0) throw malformed("its sequences have no end");
    this.#bytes = bytes;
    this.#left = 8 * bytes.length - 1 - Math.clz32(last) + 24;
  }

  /** @param count at most 31 */
  take(count: number): number {
    this.#left -= count;
    if (this.#left < 0) throw malformed("its sequences end too early");
    if (count === 0) return 0;
    return numberAt(this.#bytes, this.#left, count);
  }
}

/** Bits from a place on, the first the lowest. */
function numberAt(bytes: Uint8Array, from: number, count: number): number {
  let at = from >> 3;
  let value = bytes[at]! >> (from & 7);
  for (let have = 8 - (from & 7); have < count; have += 8) {
    value += (bytes[++at] ?? 0) * 2 ** have;
  }
  return value % 2 ** count;
}

/** How many bytes the literals are, and where they end in the block (3.1.1.3.1.1). */
function literalsOf(block: Uint8Array): { readonly made: number; readonly end: number } {
  const first = byteAt(block, 0);
  const [type, format] = [first & 3, first >> 2 & 3];
  if (type < 2) {
    const header = format === 1 ? 2 : format === 3 ? 3 : 1;
    const made = numberAt(
      head(block, header),
      header === 1 ? 3 : 4,
      header === 1 ? 5 : 8 * header - 4,
    );
    return { made, end: header + (type === 0 ? made : 1) };
  }
  const [header, bits] = format < 2 ? [3, 10] : format === 2 ? [4, 14] : [5, 18];
  const bytes = head(block, header);
  return { made: numberAt(bytes, 4, bits), end: header + numberAt(bytes, 4 + bits, bits) };
}

function head(block: Uint8Array, length: number): Uint8Array {
  byteAt(block, length - 1);
  return block.subarray(0, length);
}

function countOf(block: Uint8Array, at: number): { readonly count: number; readonly at: number } {
  const first = byteAt(block, at);
  if (first < 128) return { count: first, at: at + 1 };
  const second = byteAt(block, at + 1);
  if (first < 255) return { count: (first - 128) * 256 + second, at: at + 2 };
  return { count: second + byteAt(block, at + 2) * 256 + 0x7f00, at: at + 3 };
}

function single(symbol: number): Table {
  return {
    ...{ accuracy: 0, symbols: Uint8Array.of(symbol) },
    ...{ bits: new Uint8Array(1), next: new Uint16Array(1) },
  };
}

/** A table that a block describes (4.1.1), and where that ends. */
function described(
  block: Uint8Array,
  start: number,
  { most, accuracy: largest }: { readonly most: number; readonly accuracy: number },
): { readonly table: Table; readonly end: number } {
  const accuracy = (byteAt(block, start) & 15) + 5;
  if (accuracy > largest) throw malformed("a table is too large");
  const chances: number[] = [];
  let place = 8 * start + 4;
  let left = 1 << accuracy;
  while (left > 0) {
    if (chances.length > most || place > 8 * block.length) throw malformed("a table is none");
    // Of the values from 0 to left + 1 the lower ones have a bit less.
    const bits = 32 - Math.clz32(left + 1);
    const [lower, low] = [2 ** (bits - 1) - 1, 2 ** bits - 2 - left];
    const value = numberAt(block, place, bits);
    const isShort = (value & lower) < low;
    place += isShort ? bits - 1 : bits;
    const chance = (isShort ? value & lower : value > lower ? value - low : value) - 1;
    chances.push(chance);
    left -= Math.abs(chance);
    if (chance !== 0) continue;
    for (let zeros = 3; zeros === 3 && place <= 8 * block.length; place += 2) {
      zeros = numberAt(block, place, 2);
      for (let i = 0; i < zeros; i++) chances.push(0);
    }
  }
  if (left < 0 || chances.length > most + 1) throw malformed("a table is none");
  return { table: tableOf(accuracy, chances), end: place + 7 >> 3 };
}

function tableOf(accuracy: number, chances: readonly number[]): Table {
  const size = 1 << accuracy;
  const [symbols, bits, next] = [new Uint8Array(size), new Uint8Array(size), new Uint16Array(size)];
  let high = size;
  chances.forEach((chance, symbol) => chance < 0 && (symbols[--high] = symbol));
  let at = 0;
  chances.forEach((chance, symbol) => {
    for (let i = 0; i < chance; i++) {
      symbols[at] = symbol;
      do at = at + (size >> 1) + (size >> 3) + 3 & size - 1; while (at >= high);
    }
  });
  const met = chances.map(Math.abs);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state]!;
    const count = met[symbol]!;
    met[symbol] = count + 1;
    bits[state] = accuracy - 31 + Math.clz32(count);
    next[state] = (count << bits[state]!) - size;
  }
  return { accuracy, symbols, bits, next };
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw malformed("a block ends too early");
  return byte;
}

function tooMuch(): TowerError {
  return malformed(`a block makes more than ${ZSTD_BLOCK} bytes`);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot decompress zstd: ${cause}`);
}
