/**
 * Filters that made the targets of branches absolute before programs were compressed, so that calls of
 * one function look alike (the .xz file format, 5.3.2). Here they become relative again, in place.
 */

/** Undoes a filter. @param start Where the program begins, as its instructions count. */
export type BranchFilter = (bytes: Uint8Array, start: number) => void;

/** By their number in the format. */
export const BRANCH_FILTERS: ReadonlyMap<number, BranchFilter> = new Map([
  [0x04, x86],
  [0x07, arm],
  [0x08, armThumb],
  [0x0a, arm64],
]);

/** BL with the condition "always", whose 24 bits count words from the second next one on. */
function arm(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at, true);
    if (word >>> 24 !== 0xeb) continue;
    const target = ((word & 0xffffff) << 2) - (start + at + 8);
    view.setUint32(at, (0xeb << 24 | target >>> 2 & 0xffffff) >>> 0, true);
  }
}

/** BL in two halves of 11 bits each, which count half words from the second next one on. */
function armThumb(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; at += 2) {
    const [high, low] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if ((high & 0xf800) !== 0xf000 || (low & 0xf800) !== 0xf800) continue;
    const absolute = ((high & 0x7ff) << 11 | low & 0x7ff) << 1;
    const target = absolute - (start + at + 4) >>> 1;
    view.setUint16(at, 0xf000 | target >>> 11 & 0x7ff, true);
    view.setUint16(at + 2, 0xf800 | target & 0x7ff, true);
    at += 2;
  }
}

/** BL, of 26 bits that count words, and ADRP, of 21 bits that count pages. */
function arm64(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at, true);
    const place = start + at;
    if (word >>> 26 === 0x25) {
      const target = (word & 0x3ffffff) - (place >>> 2) & 0x3ffffff;
      view.setUint32(at, (0x94000000 | target) >>> 0, true);
    } else if ((word & 0x9f000000) >>> 0 === 0x90000000) {
      const pages = word >>> 29 & 3 | word >>> 3 & 0x1ffffc;
      // Those within 512 MiB alone are changed: others are seldom addresses.
      if ((pages + 0x20000 & 0x1c0000) !== 0) continue;
      const target = pages - (place >>> 12);
      const sign = target & 0x20000 ? 0xe00000 : 0;
      const high = (target & 0x3fffc) << 3 | sign;
      view.setUint32(at, ((word & 0x9000001f) | (target & 3) << 29 | high) >>> 0, true);
    }
  }
}

/** Whether earlier bytes that look like branches, as a mask, leave it to be one. */
const ALLOWED = [true, true, true, false, true, false, false, false];
/** The youngest byte of such a mask that counts. */
const YOUNGEST = [0, 1, 2, 2, 3, 3, 3, 3];
const SIZE = 5;

/**
 * CALL and JMP with four bytes that count from the next instruction on, of which the highest is 0 or
 * 255. As instructions have any length, bytes that look like one may lie in another: what stood in the
 * five bytes before decides, as it did when the filter was applied.
 */
function x86(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isHighest = (byte: number) => byte === 0 || byte === 0xff;
  let [mask, last] = [0, -SIZE];
  for (let at = 0; at + SIZE <= bytes.length;) {
    if ((bytes[at]! & 0xfe) !== 0xe8) {
      at++;
      continue;
    }
    const passed = at - last;
    last = at;
    mask = passed > SIZE ? 0 : shifted(mask, passed);
    const highest = bytes[at + 4]!;
    if (isHighest(highest) && ALLOWED[mask >> 1 & 7] && mask >> 1 < 0x10) {
      let absolute = view.getUint32(at + 1, true);
      let target: number;
      for (;;) {
        target = absolute - (start + at + SIZE) >>> 0;
        if (mask === 0) break;
        const bits = 8 * YOUNGEST[mask >> 1]!;
        if (!isHighest(target >>> (24 - bits) & 0xff)) break;
        absolute = (target ^ 2 ** (32 - bits) - 1) >>> 0;
      }
      const sign = target >>> 24 & 1 ? 0xff000000 : 0;
      view.setUint32(at + 1, (target & 0xffffff | sign) >>> 0, true);
      at += SIZE;
      mask = 0;
    } else {
      at++;
      mask |= isHighest(highest) ? 0x11 : 1;
    }
  }
}

function shifted(mask: number, by: number): number {
  let value = mask;
  for (let i = 0; i < by; i++) value = (value & 0x77) << 1;
  return value;
}
