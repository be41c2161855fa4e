import { assertEquals, assertThrows } from "@std/assert";
import { digestFromHex, digestOf, hexOf } from "./digest.ts";

// FIPS 180-2, appendix B.1: the digest of "abc".
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("digestOf is SHA-256 of bytes and of text as UTF-8", () => {
  assertEquals<string>(digestOf("abc"), `sha256:${ABC}`);
  assertEquals(digestOf(new TextEncoder().encode("é")), digestOf("é"));
  assertEquals(hexOf(digestOf("abc")), ABC);
});

Deno.test("digestFromHex refuses what is no SHA-256", () => {
  assertThrows(() => digestFromHex(ABC.toUpperCase()), RangeError);
  assertThrows(() => digestFromHex("../../etc/passwd"), RangeError);
});
