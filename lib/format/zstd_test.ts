import { assertEquals, assertThrows } from "@std/assert";
import { digestOf } from "../bytes/digest.ts";
import { openZstd, zstdBuildFor } from "./zstd.ts";

/** A mixture of zeros, text and noise that is the same every time. */
function sample(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    const region = (i >> 16) % 3;
    bytes[i] = region === 0 ? 0 : region === 1 ? 97 + (state >> 20) % 4 : state >> 16;
  }
  return bytes;
}

Deno.test("zstd: the pinned encoder gives the bytes it gave before", async () => {
  const frame = await openZstd("wasm", 10)(sample(3_000_001));
  assertEquals(
    digestOf(frame),
    "sha256:590774f1faa8582cb0ef53cb95c9efb7053298e2f96e094311cfe13155135599",
  );
});

Deno.test("zstd: the runtime's own library is taken with versions that were tried", () => {
  assertEquals([zstdBuildFor("2.9.6"), zstdBuildFor("2.4.2")], ["native", "wasm"]);
});

Deno.test("zstd: levels that are there", () => {
  assertThrows(() => openZstd("wasm", 20), RangeError, "1 to 19");
  assertThrows(() => openZstd("native", 0), RangeError, "1 to 19");
});
