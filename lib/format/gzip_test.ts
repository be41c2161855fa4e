import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gunzipSync, gzipSync } from "node:zlib";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { gunzipMember, gzip, GzipReader, GzipWriter } from "./gzip.ts";

const encoder = new TextEncoder();

/** Bytes that compress a little. */
function sample(size: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => random.below(20));
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

/** The members of a file: each as it stands there and inflated. */
async function members(bytes: Uint8Array, size: number): Promise<[Uint8Array, Uint8Array][]> {
  const reader = new GzipReader(cut(bytes, size));
  const all: [Uint8Array, Uint8Array][] = [];
  for (;;) {
    const raw: Uint8Array[] = [], content: Uint8Array[] = [];
    const found = await reader.member({
      compressed: (piece) => raw.push(piece.slice()),
      inflated: (piece) => content.push(piece.slice()),
    });
    if (!found) return all;
    all.push([concat(raw), concat(content)]);
  }
}

Deno.test("members end where they end, however the stream is cut", async () => {
  const contents = [encoder.encode("one"), new Uint8Array(), sample(5000, 1)];
  const files = contents.map((content) => gzip(content, 6));
  for (const size of [1, 2, 3, 5, 8, 9, 17, 100, 1 << 20]) {
    const got = await members(concat(files), size);
    assertEquals(got.map(([raw]) => raw), files);
    assertEquals(got.map(([, content]) => content), contents);
  }
});

Deno.test("optional header fields and their checksum are read over", async () => {
  const plain = gzip(encoder.encode("x"), 6);
  const fields = concat([
    Uint8Array.of(0x1f, 0x8b, 8, 4 | 8 | 16, 1, 2, 3, 4, 0, 3),
    Uint8Array.of(3, 0, 7, 7, 7),
    encoder.encode("name\0comment\0"),
  ]);
  const whole = concat([fields, plain.subarray(10)]);
  for (const size of [1, 4, 1000]) assertEquals((await members(whole, size))[0]?.[0], whole);
  const checked = concat([fields, Uint8Array.of(0, 0), plain.subarray(10)]);
  checked[3]! |= 2;
  await assertRejects(() => members(checked, 1000), TowerError, "its header does not match");
});

Deno.test("a wrong method, flag, CRC, length or deflate stream is malformed", async () => {
  const good = gzip(encoder.encode("hello hello hello"), 6);
  const change = (at: number, value: number) => {
    const bad = good.slice();
    bad[at < 0 ? bad.length + at : at] = value;
    return bad;
  };
  const cases: [Uint8Array, string][] = [
    [change(0, 0), "magic number"],
    [change(2, 7), "method 7"],
    [change(3, 0x80), "reserved flags"],
    [change(-8, good.at(-8)! ^ 1), "CRC-32"],
    [change(-1, 1), "its length"],
    [change(10, 0xff), "Cannot inflate"],
  ];
  for (const [bytes, cause] of cases) {
    await assertRejects(() => members(bytes, 1000), TowerError, cause);
    assertThrows(() => gunzipMember(bytes, 0, 1000), TowerError, cause);
  }
  for (let length = 1; length < good.length; length++) {
    await assertRejects(() => members(good.subarray(0, length), 7), TowerError, "Cannot inflate");
    assertThrows(() => gunzipMember(good.subarray(0, length), 0, 1000), TowerError);
  }
});

Deno.test("a header that never ends is refused before it fills the memory", async () => {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3);
  const endless = concat([head, new Uint8Array(1 << 20).fill(0x61)]);
  await assertRejects(() => members(endless, 10_000), TowerError, "its header is too long");
});

Deno.test("a member in memory stops at its limit", () => {
  const bomb = gzip(new Uint8Array(1 << 20), 6);
  const error = assertThrows(() => gunzipMember(bomb, 0, 1000), TowerError, "more than 1000");
  assertEquals(error.code, "limit");
  assertEquals(gunzipMember(bomb, 0, 1 << 20).content.length, 1 << 20);
});

Deno.test("an error of the sink ends the reading and comes out unchanged", async () => {
  const failure = new Error("full");
  const reader = new GzipReader(cut(gzip(sample(100_000, 2), 6), 1000));
  const sink = {
    compressed: () => {},
    inflated: () => {
      throw failure;
    },
  };
  assertEquals(await assertRejects(() => reader.member(sink), Error), failure);
});

Deno.test("compressed bytes do not depend on how the input was cut, and zlib inflates them", () => {
  const bytes = sample(300_000, 3);
  for (const level of [0, 1, 6, 9] as const) {
    const whole = gzip(bytes, level);
    assertEquals(new Uint8Array(gunzipSync(whole)), bytes);
    const random = randomNumbers(4);
    const parts: Uint8Array[] = [];
    const writer = new GzipWriter(level, (part) => parts.push(part));
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(90_000);
      writer.write(bytes.subarray(at, at + size));
      at += size;
    }
    writer.end();
    assertEquals(concat(parts), whole);
  }
});

Deno.test("a compressed member has no time and always the same bytes", () => {
  const hex = gzip(encoder.encode("tower"), 9).toHex();
  assertEquals(hex, "1f8b08000000000002032bc92f4f2d020060a70a5e05000000");
});

Deno.test("what zlib compresses is read back", async () => {
  const bytes = sample(200_000, 5);
  assertEquals((await members(new Uint8Array(gzipSync(bytes)), 4096))[0]?.[1], bytes);
});
