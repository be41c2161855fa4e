import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { unpackXz } from "./unpack_xz.ts";

/** "hello hello hello hello, tower" and a line feed, by xz 5.4 with a check by CRC-32. */
const PACKED = Uint8Array.fromBase64(
  "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AAeABRdADQZSe6N6VYK53mcVwWWXGteGIAAAPL90LMAASwfcNO/lJBCmQ0BAAAAAAFZWg==",
);
const TEXT = "hello hello hello hello, tower\n";

Deno.test("a stream of xz is read as far as it may", () => {
  assertEquals(new TextDecoder().decode(unpackXz(PACKED, TEXT.length)), TEXT);
  assertEquals(new TextDecoder().decode(unpackXz(PACKED, 1000)), TEXT);
  assertThrows(() => unpackXz(PACKED, TEXT.length - 1), TowerError, "holds more than it may");
});

Deno.test("every changed bit but those of the footer, and every cut, is told", () => {
  const end = PACKED.length - 12;
  for (let at = 0; at < end; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = PACKED.slice();
      changed[at]! ^= 1 << bit;
      let text: string | undefined;
      try {
        text = new TextDecoder().decode(unpackXz(changed, 1000));
      } catch (error) {
        assertEquals(error instanceof TowerError && error.code, "malformed");
      }
      assertEquals(text, undefined, `${at}, ${bit}`);
    }
  }
  for (let length = 0; length < end; length++) {
    assertThrows(() => unpackXz(PACKED.slice(0, length), 1000), TowerError, "Cannot decompress xz");
  }
});
