import { assertEquals } from "@std/assert";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32, crc32c } from "./crc.ts";

const text = (s: string) => new TextEncoder().encode(s);

Deno.test("crc32 and crc32c give the check values of the CRC catalogue", () => {
  assertEquals(crc32(text("123456789")), 0xcbf43926);
  assertEquals(crc32c(text("123456789")), 0xe3069283);
});

Deno.test("crc32c gives the test vectors of RFC 3720 B.4", () => {
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

Deno.test("crc32 agrees with zlib on every length up to 300", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 73 + (i >> 3)) & 0xff);
  for (let n = 0; n <= bytes.length; n++) {
    assertEquals(crc32(bytes.subarray(0, n)), zlibCrc32(bytes.subarray(0, n)));
  }
});

Deno.test("a seed continues the check of the bytes before", () => {
  const bytes = text("a body in two parts");
  for (const crc of [crc32, crc32c]) {
    assertEquals(crc(bytes.subarray(7), crc(bytes.subarray(0, 7))), crc(bytes));
  }
});
