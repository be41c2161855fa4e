import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { concat } from "./bytes.ts";
import { digestOf } from "./digest.ts";
import { ZstdWriter } from "./zstd.ts";

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

async function compressed(bytes: Uint8Array, pieces: number, level = 10): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = await ZstdWriter.open(level, (part) => parts.push(part));
  const size = Math.ceil(bytes.length / pieces) || 1;
  for (let at = 0; at < bytes.length; at += size) writer.write(bytes.subarray(at, at + size));
  writer.end();
  return concat(parts);
}

Deno.test("zstd: the result does not depend on how the input is cut", async () => {
  const bytes = sample(3_000_001);
  const whole = await compressed(bytes, 1);
  assert(whole.length < bytes.length / 2);
  for (const pieces of [2, 7, 1000]) {
    assertEquals(digestOf(await compressed(bytes, pieces)), digestOf(whole));
  }
});

Deno.test("zstd: the pinned encoder gives the bytes it gave before", async () => {
  assertEquals(
    digestOf(await compressed(sample(3_000_001), 1)),
    "sha256:590774f1faa8582cb0ef53cb95c9efb7053298e2f96e094311cfe13155135599",
  );
});

Deno.test("zstd: nothing compresses to an empty frame", async () => {
  assertEquals((await compressed(new Uint8Array(), 1)).subarray(0, 4).toHex(), "28b52ffd");
});

Deno.test("zstd: one stream at a time, and levels that are there", async () => {
  const writer = await ZstdWriter.open(1, () => {});
  await assertRejects(() => ZstdWriter.open(1, () => {}), TowerError, "two streams");
  writer.close();
  await assertRejects(() => ZstdWriter.open(20, () => {}), RangeError, "1 to 19");
  (await ZstdWriter.open(19, () => {})).close();
});
