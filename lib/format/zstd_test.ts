import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "./bytes.ts";
import { digestOf } from "./digest.ts";
import { unzstd } from "./unzstd.ts";
import { openZstd, ZSTD_FRAME, zstdBuildFor } from "./zstd.ts";

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

Deno.test("zstd: the runtime's encoder gives the pinned one's bytes, or is not taken", async () => {
  assertEquals([zstdBuildFor("2.9.6"), zstdBuildFor("2.4.2")], ["native", "wasm"]);
  const build = zstdBuildFor(Deno.version.deno);
  const whole = sample(ZSTD_FRAME + 70_000);
  for (const level of [1, 3, 9]) {
    const native = openZstd(build, level);
    const wasm = openZstd("wasm", level);
    for (const size of [0, 1, 70_000, 128 << 10, (1 << 20) + 1, ZSTD_FRAME, whole.length]) {
      const bytes = whole.subarray(whole.length - size);
      assertEquals(
        digestOf(await native(bytes)),
        digestOf(await wasm(bytes)),
        `level ${level}, ${size} bytes`,
      );
    }
  }
});

Deno.test("zstd: frames one after another are one stream", async () => {
  const encode = openZstd("wasm", 3);
  const bytes = sample(300_000);
  const frames = [await encode(bytes.subarray(0, 100_000)), await encode(bytes.subarray(100_000))];
  assert(frames.every((frame) => frame.toHex().startsWith("28b52ffd")));
  const parts: Uint8Array[] = [];
  async function* stream() {
    for (const frame of frames) yield await Promise.resolve(frame);
  }
  for await (const part of unzstd(stream())) parts.push(part.slice());
  assertEquals(digestOf(concat(parts)), digestOf(bytes));
});

Deno.test("zstd: levels that are there", () => {
  assertThrows(() => openZstd("wasm", 20), RangeError, "1 to 19");
  assertThrows(() => openZstd("native", 0), RangeError, "1 to 19");
});
