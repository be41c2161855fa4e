/** A number of some bytes: `[2, 0x1234]`. */
export type Field = readonly [bytes: 1 | 2 | 4 | 8, value: number];

/** All ones: "none" where a position of eight bytes could stand. */
export const NOWHERE = -1;

/** Numbers one after the other, little-endian. */
export function fields(list: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(list.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of list) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else if (size === 4) view.setUint32(at, value, true);
    else view.setBigInt64(at, BigInt(value), true);
    at += size;
  }
  return bytes;
}

/** Numbers of four bytes. */
export function words(values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return fields(Array.from(values, (value): Field => [4, value]));
}
