import type { BoundedSource } from "./bounded_source.ts";
import { malformed } from "./iso_error.ts";

/** An entry of the System Use Sharing Protocol. */
export interface SuspEntry {
  /** Two characters. */
  readonly signature: string;
  readonly data: Uint8Array;
}

/** Areas that one record may go through; each is a sector at most. */
const MOST_AREAS = 32;
const LARGEST_AREA = 2048;

/**
 * How many bytes to skip in front of a record's entries, as the root's own record says (SUSP
 * §5.3); undefined for a medium without such entries.
 */
export function suspSkip(systemUse: Uint8Array): number | undefined {
  const mark = [0x53, 0x50, 7, 1, 0xbe, 0xef]; // "SP"
  return mark.every((byte, i) => systemUse[i] === byte) ? systemUse[6] : undefined;
}

/**
 * The entries of a record, through its continuation areas (§5.1).
 * @throws {TowerError} `malformed` for areas outside the medium or in a circle.
 */
export function* suspEntries(
  systemUse: Uint8Array,
  source: BoundedSource,
): Generator<SuspEntry> {
  let bytes = systemUse;
  for (let areas = 0; areas <= MOST_AREAS; areas++) {
    let next: DataView | undefined;
    for (let at = 0; at + 4 <= bytes.length;) {
      const length = bytes[at + 2]!;
      // What is no entry any more is padding.
      if (length < 4 || at + length > bytes.length) break;
      const signature = String.fromCharCode(bytes[at]!, bytes[at + 1]!);
      const data = bytes.subarray(at + 4, at + length);
      at += length;
      if (signature === "ST") break;
      if (signature !== "CE") yield { signature, data };
      else if (data.length >= 24) next = new DataView(data.buffer, data.byteOffset, data.length);
    }
    if (!next) return;
    const [sector, offset, size] = [0, 8, 16].map((at) => next.getUint32(at, true)) as [
      number,
      number,
      number,
    ];
    if (offset + size > LARGEST_AREA) throw malformed("a continuation area crosses a sector");
    bytes = source.read({ sector, size }, offset);
  }
  throw malformed("a record has too many continuation areas");
}
