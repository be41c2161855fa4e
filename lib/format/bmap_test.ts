import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { BlockMap, BMAP_BLOCK, formatBmap } from "./bmap.ts";
import { createHash } from "node:crypto";

const sha256 = "ab".repeat(32);

Deno.test("a block map joins what touches, whatever the order it was told in", () => {
  const map = new BlockMap();
  map.add(10 * BMAP_BLOCK, 1);
  map.add(BMAP_BLOCK - 1, 2);
  map.add(11 * BMAP_BLOCK, BMAP_BLOCK);
  map.add(2 * BMAP_BLOCK, BMAP_BLOCK);
  map.add(5 * BMAP_BLOCK, 0);
  map.add(10 * BMAP_BLOCK, 3 * BMAP_BLOCK);
  map.add(20 * BMAP_BLOCK + 7, 1);
  const ranges = [{ first: 0, last: 2 }, { first: 10, last: 12 }, { first: 20, last: 20 }];
  assertEquals(map.ranges(), ranges);
  map.add(13 * BMAP_BLOCK, 7 * BMAP_BLOCK);
  assertEquals(map.ranges(), [{ first: 0, last: 2 }, { first: 10, last: 20 }]);
});

Deno.test("a block map covers exactly the blocks of random writes", () => {
  let state = 12345;
  const random = (n: number) => (state = (state * 1103515245 + 12345) % 2 ** 31) % n;
  for (let round = 0; round < 50; round++) {
    const map = new BlockMap();
    const expected = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const [offset, length] = [random(200 * BMAP_BLOCK), 1 + random(5 * BMAP_BLOCK)];
      map.add(offset, length);
      for (let b = Math.floor(offset / BMAP_BLOCK); b * BMAP_BLOCK < offset + length; b++) {
        expected.add(b);
      }
      if (i === 20) map.ranges();
    }
    const found = map.ranges().flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i)
    );
    assertEquals(found, [...expected].sort((a, b) => a - b), `seed 12345, round ${round}`);
  }
});

Deno.test("a bmap tells sizes, ranges and a checksum of itself", () => {
  const text = formatBmap(3 * BMAP_BLOCK + 1, [
    { first: 0, last: 0, sha256 },
    { first: 2, last: 3, sha256 },
  ]);
  assertStringIncludes(text, '<bmap version="2.0">');
  assertStringIncludes(text, "<ImageSize> 12289 </ImageSize>");
  assertStringIncludes(text, "<BlocksCount> 4 </BlocksCount>");
  assertStringIncludes(text, "<MappedBlocksCount> 3 </MappedBlocksCount>");
  assertStringIncludes(text, `<Range chksum="${sha256}"> 0 </Range>`);
  assertStringIncludes(text, `<Range chksum="${sha256}"> 2-3 </Range>`);
  const sum = /<BmapFileChecksum> ([0-9a-f]{64}) </.exec(text)![1]!;
  const zeroed = text.replace(sum, "0".repeat(64));
  assertEquals(createHash("sha256").update(zeroed).digest("hex"), sum);
  assertMatch(formatBmap(1, []), /<BlockMap>\n {4}<\/BlockMap>/);
});

Deno.test("a bmap refuses ranges out of order or outside of the image", () => {
  const range = (first: number, last: number) => ({ first, last, sha256 });
  for (const ranges of [[range(0, 4)], [range(2, 1)], [range(1, 1), range(1, 2)]]) {
    assertThrows(() => formatBmap(4 * BMAP_BLOCK, ranges), RangeError, "out of order");
  }
});
