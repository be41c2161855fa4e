import { assertEquals } from "@std/assert";
import { Allocator } from "./allocation.ts";
import type { Geometry } from "./geometry.ts";

const geometry: Geometry = {
  blocks: 100_000,
  groups: [],
  inodesPerGroup: 16,
  descriptorBlocks: 1,
  reservedDescriptorBlocks: 0,
  fixed: [{ start: 0, count: 10 }, { start: 20, count: 5 }],
  available: 99_985,
};

Deno.test("blocks come in order, around the fixed ones, in runs of at most one extent", () => {
  const allocator = new Allocator(geometry);
  assertEquals(allocator.takeOne(), 10);
  assertEquals(allocator.take(0), []);
  assertEquals(allocator.take(9), [{ start: 11, count: 9 }]);
  assertEquals(allocator.end, 20);
  assertEquals(allocator.take(40_000), [{ start: 25, count: 32768 }, {
    start: 32793,
    count: 7232,
  }]);
  assertEquals(allocator.used, 40_010);
});

Deno.test("one request goes over a gap, and past the end to tell what is missing", () => {
  const allocator = new Allocator(geometry);
  assertEquals(allocator.take(12), [{ start: 10, count: 10 }, { start: 25, count: 2 }]);
  allocator.take(200_000);
  assertEquals(allocator.used - geometry.available, 100_027);
});
