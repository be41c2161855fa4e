import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "../bytes/bytes.ts";
import { bitString, der, objectId, sequence, setOf, small, TAG, time, unsigned } from "./der.ts";
import { DerReader } from "./der_reader.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("values have the shortest length, numbers the shortest digits", () => {
  assertEquals(hex(small(0)), "020100");
  assertEquals(hex(small(127)), "02017f");
  assertEquals(hex(unsigned(new Uint8Array([0, 0, 128]))), "02020080");
  assertEquals(hex(unsigned(new Uint8Array([0, 127]))), "02017f");
  assertEquals(hex(unsigned(new Uint8Array([0, 0]))), "020100");
  const start = (length: number) => hex(der(4, new Uint8Array(length)).subarray(0, 4));
  assertEquals([127, 128, 255, 256].map(start), ["047f0000", "04818000", "0481ff00", "04820100"]);
  assertEquals(hex(bitString(new Uint8Array([0x80]), 7)), "03020780");
});

Deno.test("object identifiers are as X.690 has them", () => {
  // RSA's of RFC 8017, the example of X.690 §8.19.5.
  assertEquals(hex(objectId("1.2.840.113549.1.1.11")), "06092a864886f70d01010b");
  assertEquals(hex(objectId("2.999.3")), "0603883703");
});

Deno.test("the elements of a set are in the order of their bytes", () => {
  const parts = [sequence(small(1)), small(2), small(1), new Uint8Array([4, 0])];
  assertEquals(hex(setOf(...parts)), "310d020101020102" + "0400" + "3003020101");
  assertEquals(hex(setOf(...parts.toReversed())), hex(setOf(...parts)));
});

Deno.test("times are short up to 2049", () => {
  const text = (seconds: number) => new TextDecoder().decode(time(seconds).subarray(2));
  assertEquals(text(Date.UTC(2049, 11, 31, 23, 59, 59) / 1000), "491231235959Z");
  assertEquals(text(Date.UTC(2050, 0) / 1000), "20500101000000Z");
  assertEquals(text(Date.UTC(1950, 0) / 1000), "500101000000Z");
  assertEquals(time(0)[0], TAG.utcTime);
  assertEquals(time(Date.UTC(2050, 0) / 1000)[0], TAG.generalizedTime);
  for (const seconds of [Date.UTC(1949, 11) / 1000, Date.UTC(10000, 0) / 1000, 0.5]) {
    assertThrows(() => time(seconds), RangeError);
  }
});

Deno.test("a reader takes what is written, and nothing that DER has another spelling for", () => {
  const reader = new DerReader(concat([small(5), sequence(small(6), small(7))]));
  assertEquals(hex(reader.next(TAG.integer).content), "05");
  assertEquals(reader.optional(TAG.set), undefined);
  assertEquals(reader.inside(TAG.sequence).rest(TAG.integer).map((v) => hex(v.encoded)), [
    "020106",
    "020107",
  ]);
  assertEquals(reader.atEnd, true);
  reader.end();
  const refused = [
    ["", "it ends too early"],
    ["02", "it ends too early"],
    ["020205", "it ends too early"],
    ["04820100", "it ends too early"],
    ["3080", "a length is indefinite or too long"],
    ["30850000000001", "a length is indefinite or too long"],
    ["048205", "a length is indefinite or too long"],
    ["04810105", "a length is longer than need be"],
    ["04820080", "a length is longer than need be"],
    ["1f8101", "a tag has more than one byte"],
  ] as const;
  for (const [bytes, message] of refused) {
    assertThrows(() => new DerReader(Uint8Array.fromHex(bytes)).next(), RangeError, message);
  }
  assertThrows(() => new DerReader(small(1)).next(TAG.sequence), RangeError, "is of type 2");
  assertThrows(() => new DerReader(small(1)).end(), RangeError, "bytes follow it");
});
