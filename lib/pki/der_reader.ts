/** A value as it stands in its bytes. */
export interface DerValue {
  readonly tag: number;
  /** Tag and length as well. */
  readonly encoded: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Reads values of DER (X.690, §10, §11) one after another. Every method throws a RangeError for what
 * is none: lengths that are indefinite, longer than need be or than the bytes, and tags of more than
 * one byte, which nothing that is read here has.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next value, which must be of the tag given, if any. */
  next(tag?: number): DerValue {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start + 2 > bytes.length) throw new RangeError("it ends too early");
    const found = bytes[start]!;
    if ((found & 0x1f) === 0x1f) throw new RangeError("a tag has more than one byte");
    if (tag !== undefined && found !== tag) {
      throw new RangeError(`a value is of type ${found} where ${tag} must be`);
    }
    let from = start + 2;
    let length = bytes[start + 1]!;
    if (length >= 0x80) {
      const count = length - 0x80;
      if (count === 0 || count > 4 || from + count > bytes.length) {
        throw new RangeError("a length is indefinite or too long");
      }
      length = bytes.subarray(from, from + count).reduce((sum, byte) => sum * 256 + byte, 0);
      if (length < 0x80 || length < 256 ** (count - 1)) {
        throw new RangeError("a length is longer than need be");
      }
      from += count;
    }
    if (length > bytes.length - from) throw new RangeError("it ends too early");
    this.#at = from + length;
    return {
      tag: found,
      encoded: bytes.subarray(start, this.#at),
      content: bytes.subarray(from, this.#at),
    };
  }

  /** The next value where it is of the tag given; else undefined, and nothing is passed over. */
  optional(tag: number): DerValue | undefined {
    return this.#bytes[this.#at] === tag ? this.next(tag) : undefined;
  }

  /** What the next value holds, which must be of the tag given. */
  inside(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** All values that are left, each of the tag given, if any. */
  rest(tag?: number): DerValue[] {
    const values: DerValue[] = [];
    while (!this.atEnd) values.push(this.next(tag));
    return values;
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.atEnd) throw new RangeError("bytes follow it");
  }
}

/** Whether bytes are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
