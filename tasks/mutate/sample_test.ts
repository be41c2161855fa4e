import { assertEquals, assertNotEquals } from "@std/assert";
import { sampleOf } from "./sample.ts";

const ITEMS = Array.from({ length: 100 }, (_, i) => i);

Deno.test("a seed chooses the same items each time, another one others, in their order", () => {
  const some = sampleOf(ITEMS, 10, 1);
  assertEquals(sampleOf(ITEMS, 10, 1), some);
  assertNotEquals(sampleOf(ITEMS, 10, 2), some);
  assertEquals(new Set(some).size, 10);
  assertEquals([...some].sort((a, b) => a - b), some);
});

Deno.test("a sample of all, or of more, is all", () => {
  assertEquals(sampleOf(ITEMS, 100, 7), ITEMS);
  assertEquals(sampleOf(ITEMS, 1000, 7), ITEMS);
  assertEquals(sampleOf([], 3, 7), []);
});

Deno.test("every item has its chance", () => {
  const seen = new Set(ITEMS.flatMap((seed) => sampleOf(ITEMS, 10, seed)));
  assertEquals(seen.size, ITEMS.length);
});
