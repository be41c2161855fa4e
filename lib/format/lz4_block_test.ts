import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { unpackLz4 } from "./lz4_block.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const block = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );

Deno.test("LZ4: literals, copies that overlap themselves, long lengths", () => {
  assertEquals(text(unpackLz4(block(0x30, "abc"), 9)), "abc");
  assertEquals(text(unpackLz4(block(0x24, "ab", 2, 0, 0x10, "c"), 99)), "ababababab" + "c");
  assertEquals(text(unpackLz4(block(0x1f, "x", 1, 0, 255, 3, 0x00), 999)), "x".repeat(278));
  assertEquals(text(unpackLz4(block(0xf0, 2, "0123456789abcdefg"), 17)), "0123456789abcdefg");
  assertEquals(unpackLz4(block(), 4).length, 0);
});

Deno.test("LZ4: what is no block is refused, and so is more than was asked for", () => {
  for (
    const [bytes, cause] of [
      [block(0x40, "abc"), "too early"],
      [block(0xf0), "too early"],
      [block(0x10, "a", 1), "too early"],
      [block(0x10, "a", 0, 0), "0 back"],
      [block(0x10, "a", 2, 0), "2 back"],
      [block(0x1f, "a", 1, 0, 255, 255, 0), "more than 100"],
      [block(0xf0, 255, 255), "too early"],
    ] as const
  ) assertThrows(() => unpackLz4(bytes, 100), TowerError, cause);
  assertThrows(() => unpackLz4(block(0x30, "abc"), 2), TowerError, "more than 2");
});
