import { assertEquals } from "@std/assert";
import { BMAP_BLOCK } from "../../lib/format/bmap.ts";
import { concat, memorySource } from "../../lib/bytes/bytes.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { passOver } from "./image_pass.ts";

Deno.test("a pass hashes an image and takes what no range covers for zeros", async () => {
  const size = 600 * BMAP_BLOCK + 100;
  const image = new Uint8Array(size).fill(7);
  const ranges = [{ first: 1, last: 2 }, { first: 300, last: 599 }, { first: 600, last: 600 }];
  const expected = new Uint8Array(size);
  for (const { first, last } of ranges) {
    const from = first * BMAP_BLOCK;
    expected.set(image.subarray(from, (last + 1) * BMAP_BLOCK), from);
  }
  const pieces: Uint8Array[] = [];
  let next = 0;
  const digest = await passOver(memorySource(image), ranges, (bytes, at) => {
    assertEquals(at, next);
    next += bytes.length;
    pieces.push(bytes.slice());
  });
  assertEquals(digest, digestOf(expected));
  assertEquals(digestOf(concat(pieces)), digest);
});

Deno.test("a file that ends before its size reads as zeros", async () => {
  const source = { ...memorySource(Uint8Array.of(1, 2)), size: BMAP_BLOCK };
  const expected = new Uint8Array(BMAP_BLOCK);
  expected.set([1, 2]);
  const digest = await passOver(source, [{ first: 0, last: 0 }], () => {});
  assertEquals(digest, digestOf(expected));
});
