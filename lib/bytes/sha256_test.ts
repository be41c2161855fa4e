import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { digestOf } from "./digest.ts";
import { sha256 } from "./sha256.ts";

Deno.test("SHA-256 gives its published values", () => {
  const of = (text: string) => sha256(new TextEncoder().encode(text)).toHex();
  assertEquals(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assertEquals(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("of any length it is what the built-in one gives", () => {
  let seed = 1;
  const next = () => seed = Math.imul(seed, 48271) + 11 >>> 0;
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, () => next() >>> 24);
    assertEquals(
      sha256(bytes).toHex(),
      createHash("sha256").update(bytes).digest("hex"),
      `${length}`,
    );
  }
});

Deno.test("a digest is the same whichever of the two made it, of bytes and of texts", () => {
  for (const length of [4000, 4095, 4096, 5000]) {
    const text = "ü".repeat(length / 2) + "x".repeat(length % 2);
    const expected = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    assertEquals(digestOf(text), expected);
    assertEquals(digestOf(new TextEncoder().encode(text)), expected);
  }
});
