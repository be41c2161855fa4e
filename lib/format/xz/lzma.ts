/** LZMA as LZMA2 has it: without an end marker, in chunks (the 7-Zip "LZMA specification"). */
import { malformed } from "./xz_error.ts";

const STATES = 12;
/** States from here on follow a match. */
const AFTER_MATCH = 7;
const POSITIONS = 16;
const LENGTH_SIZE = 2 + 2 * POSITIONS * 8 + 256;
const LITERAL_SIZE = 0x300;
/** `lc` + `lp` are at most 4 in LZMA2. */
const MOST_LITERALS = 1 << 4;
const SHORTEST_MATCH = 2;

/** Where each kind of probability begins in their array. */
const IS_MATCH = 0;
const IS_REPEAT = IS_MATCH + STATES * POSITIONS;
const IS_OLDER = IS_REPEAT + STATES;
const IS_OLDER_1 = IS_OLDER + STATES;
const IS_OLDER_2 = IS_OLDER_1 + STATES;
const IS_LONG = IS_OLDER_2 + STATES;
const SLOT = IS_LONG + STATES * POSITIONS;
const SPECIAL = SLOT + 4 * 64;
const ALIGNED = SPECIAL + 128;
const LENGTH = ALIGNED + 16;
const REPEAT_LENGTH = LENGTH + LENGTH_SIZE;
const LITERAL = REPEAT_LENGTH + LENGTH_SIZE;

const HALF = 1024;
const TOP = 2 ** 24;

/** Decodes chunks of LZMA into one array, in which matches are looked up as well. */
export class LzmaDecoder {
  readonly #out: Uint8Array;
  readonly #probabilities = new Uint16Array(LITERAL + MOST_LITERALS * LITERAL_SIZE);
  #in: Uint8Array = new Uint8Array();
  #at = 0;
  #range = 0;
  #code = 0;
  #state = 0;
  #distances: [number, number, number, number] = [0, 0, 0, 0];
  #literalBits = 0;
  #literalMask = 0;
  #positionMask = 0;
  /** Where the dictionary begins: no match reaches before it. */
  #start = 0;
  #end = 0;

  constructor(out: Uint8Array) {
    this.#out = out;
  }

  /** Bytes that were decoded so far. */
  get size(): number {
    return this.#end;
  }

  resetDictionary(): void {
    this.#start = this.#end;
  }

  /** @param properties `(pb * 5 + lp) * 9 + lc` @throws {TowerError} `malformed` */
  setProperties(properties: number): void {
    const [lc, rest] = [properties % 9, Math.floor(properties / 9)];
    const [lp, pb] = [rest % 5, Math.floor(rest / 5)];
    if (pb > 4 || lc + lp > 4) throw malformed("its properties are none");
    this.#literalBits = lc;
    this.#literalMask = (1 << lp) - 1;
    this.#positionMask = (1 << pb) - 1;
  }

  resetState(): void {
    this.#probabilities.fill(HALF);
    this.#state = 0;
    this.#distances = [0, 0, 0, 0];
  }

  /** Takes bytes as they are. @throws {TowerError} `malformed` where there is no room */
  store(bytes: Uint8Array): void {
    this.#require(bytes.length);
    this.#out.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Decodes a chunk to exactly `size` bytes. @throws {TowerError} `malformed` */
  decode(chunk: Uint8Array, size: number): void {
    this.#require(size);
    this.#in = chunk;
    [this.#at, this.#range, this.#code] = [5, 0xffffffff, 0];
    if (chunk.length < 5 || chunk[0] !== 0) throw malformed("a chunk does not begin as one");
    for (let i = 1; i < 5; i++) this.#code = (this.#code << 8 | chunk[i]!) >>> 0;
    const stop = this.#end + size;
    while (this.#end < stop) {
      const position = this.#end - this.#start & this.#positionMask;
      if (this.#bit(IS_MATCH + this.#state * POSITIONS + position) === 0) this.#literal();
      else this.#match(position, stop);
    }
    // Whoever makes a chunk ends it so: anything else is damage.
    if (this.#at !== chunk.length || this.#code !== 0) {
      throw malformed("a chunk does not end as one");
    }
  }

  #require(size: number): void {
    if (size > this.#out.length - this.#end) throw malformed("it holds more than it may");
  }

  #literal(): void {
    const before = this.#end === this.#start ? 0 : this.#out[this.#end - 1]!;
    const place = (this.#end - this.#start & this.#literalMask) << this.#literalBits;
    const base = LITERAL + LITERAL_SIZE * (place + (before >> (8 - this.#literalBits)));
    let symbol = 1;
    if (this.#state >= AFTER_MATCH) {
      // The byte that a match would have gone on with tells much of this one, as long as it agrees.
      let matched = this.#out[this.#source(this.#distances[0])]!;
      while (symbol < 0x100) {
        const told = matched >> 7 & 1;
        matched <<= 1;
        const bit = this.#bit(base + (1 + told << 8) + symbol);
        symbol = symbol << 1 | bit;
        if (bit !== told) break;
      }
    }
    while (symbol < 0x100) symbol = symbol << 1 | this.#bit(base + symbol);
    this.#out[this.#end++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #match(position: number, stop: number): void {
    const state = this.#state;
    const isAfterLiteral = state < AFTER_MATCH;
    const [d0, d1, d2, d3] = this.#distances;
    let length: number;
    if (this.#bit(IS_REPEAT + state) === 0) {
      length = this.#length(LENGTH, position);
      this.#state = isAfterLiteral ? 7 : 10;
      this.#distances = [this.#distance(length), d0, d1, d2];
    } else {
      if (this.#bit(IS_OLDER + state) === 0) {
        if (this.#bit(IS_LONG + state * POSITIONS + position) === 0) {
          this.#state = isAfterLiteral ? 9 : 11;
          this.#out[this.#end] = this.#out[this.#source(d0)]!;
          this.#end++;
          return;
        }
      } else if (this.#bit(IS_OLDER_1 + state) === 0) this.#distances = [d1, d0, d2, d3];
      else if (this.#bit(IS_OLDER_2 + state) === 0) this.#distances = [d2, d0, d1, d3];
      else this.#distances = [d3, d0, d1, d2];
      length = this.#length(REPEAT_LENGTH, position);
      this.#state = isAfterLiteral ? 8 : 11;
    }
    this.#copy(this.#source(this.#distances[0]), length + SHORTEST_MATCH, stop);
  }

  #copy(from: number, length: number, stop: number): void {
    if (length > stop - this.#end) throw malformed("a match leaves its chunk");
    const out = this.#out;
    // One byte after the other: a match may reach into what it makes.
    for (let i = 0; i < length; i++) out[this.#end + i] = out[from + i]!;
    this.#end += length;
  }

  /** Where a match of a distance begins. */
  #source(distance: number): number {
    const from = this.#end - distance - 1;
    if (from < this.#start) throw malformed("a match reaches before the beginning");
    return from;
  }

  #length(base: number, position: number): number {
    if (this.#bit(base) === 0) return this.#tree(base + 2 + position * 8, 3);
    const middle = base + 2 + POSITIONS * 8;
    if (this.#bit(base + 1) === 0) return 8 + this.#tree(middle + position * 8, 3);
    return 16 + this.#tree(middle + POSITIONS * 8, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(SLOT + Math.min(length, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | slot & 1) * 2 ** bits;
    if (slot < 14) return high + this.#reverse(SPECIAL + high - slot, bits);
    return high + this.#direct(bits - 4) * 16 + this.#reverse(ALIGNED, 4);
  }

  #tree(base: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = node << 1 | this.#bit(base + node);
    return node - (1 << bits);
  }

  #reverse(base: number, bits: number): number {
    let [node, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(base + node);
      node = node << 1 | bit;
      value |= bit << i;
    }
    return value;
  }

  /** Bits of the same chance. */
  #direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      value = value * 2 + bit;
      if (this.#range < TOP) this.#refill();
    }
    return value;
  }

  #bit(index: number): number {
    const chance = this.#probabilities[index]!;
    const bound = (this.#range >>> 11) * chance;
    let bit = 0;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probabilities[index] = chance + ((2048 - chance) >> 5);
    } else {
      this.#range -= bound;
      this.#code -= bound;
      this.#probabilities[index] = chance - (chance >> 5);
      bit = 1;
    }
    if (this.#range < TOP) this.#refill();
    return bit;
  }

  #refill(): void {
    if (this.#at >= this.#in.length) throw malformed("a chunk ends too early");
    this.#range = this.#range << 8 >>> 0;
    this.#code = (this.#code << 8 | this.#in[this.#at++]!) >>> 0;
  }
}
