import { assertEquals } from "@std/assert";
import { bucketOf, inTableOrder, murmur3 } from "./name_order.ts";

Deno.test("MurmurHash3 gives its published values", () => {
  assertEquals(murmur3("", 0), 0);
  assertEquals(murmur3("", 1), 0x514e28b7);
  assertEquals(murmur3("hello", 0), 0x248bfa47);
  assertEquals(murmur3("hello, world", 0), 0x149bbb7f);
  assertEquals(murmur3("The quick brown fox jumps over the lazy dog", 0x9747b28c), 0x2fa826cd);
  assertEquals(murmur3("ππππππππ", 0x9747b28c), 0xd58063c1);
});

Deno.test("names are walked by bucket, and in a bucket the last one first", () => {
  const names = ["musl", "busybox", "openrc"].map((text, rank) => ({
    text,
    rank,
    bucket: bucketOf(text),
  }));
  const order = (list: typeof names) => inTableOrder(list).map((name) => name.text);
  const expected = ["busybox", "musl", "openrc"];
  expected.sort((a, b) => murmur3(a, 5381) % 20000 - murmur3(b, 5381) % 20000);
  assertEquals(order(names), expected);
  assertEquals(order(names.toReversed()), expected);
  const twins = [{ bucket: 7, rank: 1 }, { bucket: 7, rank: 2 }];
  assertEquals(inTableOrder(twins).map((name) => name.rank), [2, 1]);
});
