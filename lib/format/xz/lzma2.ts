import { LzmaDecoder } from "./lzma.ts";
import { malformed } from "./xz_error.ts";

/** Bits of a chunk's first byte. */
const COMPRESSED = 0x80;
const RESETS = { state: 1, properties: 2, dictionary: 3 } as const;

/** What was decoded, and how many bytes of the input that took. */
export interface Decoded {
  readonly bytes: Uint8Array;
  readonly used: number;
}

/**
 * Decodes a stream of LZMA2 chunks to its end (the .xz file format, 5.3.1, and xz's
 * "lzma2" filter): each says how much it holds.
 *
 * @param limit bytes that may come out
 * @throws {TowerError} `malformed`
 */
export function decodeLzma2(input: Uint8Array, limit: number): Decoded {
  const out = new Uint8Array(limit);
  const decoder = new LzmaDecoder(out);
  // What a chunk must have set anew before it can be decoded: all of it at the beginning.
  let needed: number = RESETS.dictionary;
  let at = 0;
  const take = (length: number) => {
    if (at + length > input.length) throw malformed("it ends too early");
    const bytes = input.subarray(at, at + length);
    at += length;
    return bytes;
  };
  const number = () => {
    const [high, low] = take(2);
    return high! << 8 | low!;
  };
  for (;;) {
    const [control] = take(1);
    if (control === 0) return { bytes: out.subarray(0, decoder.size), used: at };
    if (control! < COMPRESSED) {
      if (control! > 2) throw malformed(`a chunk is of kind ${control}`);
      if (control === 1) {
        decoder.resetDictionary();
        needed = Math.min(needed, RESETS.properties);
      } else if (needed === RESETS.dictionary) throw malformed("its first chunk sets nothing");
      decoder.store(take(number() + 1));
      continue;
    }
    const reset = control! >> 5 & 3;
    const size = ((control! & 0x1f) << 16 | number()) + 1;
    const packed = number() + 1;
    if (reset < needed) throw malformed("a chunk sets less than it needs");
    if (reset === RESETS.dictionary) decoder.resetDictionary();
    if (reset >= RESETS.properties) decoder.setProperties(take(1)[0]!);
    if (reset >= RESETS.state) decoder.resetState();
    needed = 0;
    decoder.decode(take(packed), size);
  }
}
