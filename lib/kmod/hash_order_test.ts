import { assertEquals } from "@std/assert";
import { inHashOrder, superfastHash } from "./hash_order.ts";

// Values of kmod 30's shared/hash.c, compiled and run on x86-64: each length of the tail.
const KNOWN: readonly [name: string, hash: number][] = [
  ["", 0],
  ["a", 291415938],
  ["ab", 1366002500],
  ["abc", 3535673738],
  ["abcd", 3671636187],
  ["xhci_hcd", 3827908951],
  ["virtio_blk", 2598217912],
  ["nf_conntrack", 2493929817],
];

Deno.test("names hash as in kmod", () => {
  for (const [name, hash] of KNOWN) assertEquals(superfastHash(name), hash, name);
});

Deno.test("names go by bucket, in a bucket by their bytes, whatever order they come in", () => {
  const names = KNOWN.map(([name]) => name);
  const byBucket = KNOWN.toSorted(([, a], [, b]) => a % 512 - b % 512).map(([name]) => name);
  assertEquals(inHashOrder(names, 512), byBucket);
  assertEquals(inHashOrder(names.toReversed(), 512), byBucket);
  assertEquals(inHashOrder(["c", "a", "b"], 1), ["a", "b", "c"]);
});
