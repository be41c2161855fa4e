import { TowerError } from "../errors.ts";

const SHORTEST_MATCH = 4;

/**
 * Decompresses one LZ4 block (lz4_Block_format.md of the reference implementation): sequences of
 * literals and of copies of what came before.
 *
 * @param limit bytes that may come out
 * @throws {TowerError} `malformed`, also when more than `limit` bytes come out
 */
export function unpackLz4(packed: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit);
  let at = 0;
  let filled = 0;
  /** A length of four bits, which bytes behind it may continue. */
  const lengthOf = (bits: number): number => {
    let length = bits;
    for (let more = bits === 15 ? 255 : 0; more === 255; length += more) {
      if (at === packed.length) throw malformed("it ends too early");
      more = packed[at++]!;
    }
    return length;
  };
  while (at < packed.length) {
    const token = packed[at++]!;
    const literals = lengthOf(token >> 4);
    if (literals > packed.length - at) throw malformed("it ends too early");
    if (literals > limit - filled) throw malformed(`more than ${limit} bytes come out`);
    out.set(packed.subarray(at, at + literals), filled);
    at += literals;
    filled += literals;
    if (at === packed.length) break; // the last sequence has no copy
    if (packed.length - at < 2) throw malformed("it ends too early");
    const distance = packed[at]! | packed[at + 1]! << 8;
    at += 2;
    if (distance === 0 || distance > filled) throw malformed(`a copy comes from ${distance} back`);
    const length = lengthOf(token & 15) + SHORTEST_MATCH;
    if (length > limit - filled) throw malformed(`more than ${limit} bytes come out`);
    // A copy may overlap itself: what is there is doubled until it is long enough.
    const start = filled - distance;
    for (const end = filled + length; filled < end;) {
      const part = Math.min(filled - start, end - filled);
      out.copyWithin(filled, start, start + part);
      filled += part;
    }
  }
  return out.subarray(0, filled);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot decompress an LZ4 block: ${cause}`);
}
