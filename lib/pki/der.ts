import { concat } from "../bytes/bytes.ts";

/** Tags of the types that certificates and signatures are made of (X.680, §8.4). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of an explicit, or a constructed implicit, `[number]`. */
export function contextTag(number: number): number {
  return 0xa0 | number;
}

/** A value: its tag, its length, its content (X.690, §8.1, §10.1: the shortest length). */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concat(parts);
  return concat([new Uint8Array([tag, ...lengthBytes(content.length)]), content]);
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return der(TAG.sequence, ...parts);
}

/** A SET OF: its elements in the order of their bytes (X.690, §11.6). */
export function setOf(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return der(TAG.set, ...[...parts].sort(inOrder));
}

function inOrder(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** A number from 0 on, as its bytes from the highest. */
export function unsigned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? new Uint8Array(1) : bytes.subarray(first);
  const sign = digits[0]! >= 0x80 ? new Uint8Array(1) : new Uint8Array();
  return der(TAG.integer, sign, digits);
}

/** A number from 0 to 127. */
export function small(value: number): Uint8Array<ArrayBuffer> {
  return unsigned(new Uint8Array([value]));
}

export function octetString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return der(TAG.octetString, bytes);
}

/** Bits, all of the last byte but `unused` ones. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array<ArrayBuffer> {
  return der(TAG.bitString, new Uint8Array([unused]), bytes);
}

export const NULL: Uint8Array = der(TAG.null);
/** Only what differs from a default is written, so false never is. */
export const TRUE: Uint8Array = der(TAG.boolean, new Uint8Array([0xff]));

/** An object identifier as people write it: `1.2.840.113549.1.1.11` (X.690, §8.19). */
export function objectId(text: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...arcs] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...arcs].flatMap((arc) => {
    const digits = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
      digits.unshift(rest % 128 | 0x80);
    }
    return digits;
  });
  return der(TAG.objectId, new Uint8Array(bytes));
}

/** A text of UTF-8. */
export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return der(TAG.utf8String, new TextEncoder().encode(text));
}

/**
 * A time as certificates have it: UTCTime to the end of 2049, GeneralizedTime from then on
 * (RFC 5280, §4.1.2.5).
 * @param seconds since 1970, whole, of the years 1950 to 9999
 */
export function time(seconds: number): Uint8Array<ArrayBuffer> {
  const text = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "Z").replaceAll(
    /[-:T]/g,
    "",
  );
  const year = Number(text.slice(0, 4));
  if (text.length !== 15 || year < 1950) throw new RangeError(`Cannot write time ${seconds}`);
  const isShort = year < 2050;
  const bytes = new TextEncoder().encode(isShort ? text.slice(2) : text);
  return der(isShort ? TAG.utcTime : TAG.generalizedTime, bytes);
}
