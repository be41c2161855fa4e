import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { unzstd } from "./unzstd.ts";
import { openZstd } from "./zstd.ts";

const SAMPLE = new Uint8Array(700_000).map((_, i) => i < 400_000 ? 0 : (i * i) >> 7);

const packed = openZstd("wasm", 3);

/** Feeds bytes in chunks of a size. */
async function read(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return concat(await Array.fromAsync(unzstd(chunks())));
}

Deno.test("zstd: frames come back whole, one after another, however they are cut", async () => {
  const frame = await packed(SAMPLE);
  for (const size of [1, 17, 1023, 65536]) assertEquals(await read(frame, size), SAMPLE);
  assertEquals(await read(concat([frame, frame]), 5000), concat([SAMPLE, SAMPLE]));
});

Deno.test("zstd: what ends too early, or is no zstd, is refused", async () => {
  const frame = await packed(SAMPLE);
  const cases = [1, 4, 17, 1000, frame.length - 1].map((end) => frame.subarray(0, end));
  cases.push(new Uint8Array(), new TextEncoder().encode("no zstd at all, but long enough"));
  cases.push(concat([frame, new TextEncoder().encode("and something that follows it")]));
  for (const bytes of cases) {
    await assertRejects(() => read(bytes, 4096), TowerError, "Cannot decompress zstd");
  }
});

Deno.test("zstd: a frame that asks for a huge window is refused, wherever it stands", async () => {
  const frame = await packed(SAMPLE);
  // Magic, a descriptor without content size, a window of 1.75 GiB, a last block of four zeros.
  const huge = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3 | 6, 0x23, 0, 0, 0);
  // One segment of 1 GiB.
  const single = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 0x23, 0, 0, 0);
  const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
  assertEquals(await read(concat([skippable, frame]), 7), SAMPLE);
  for (const bomb of [huge, single]) {
    for (const bytes of [bomb, concat([frame, bomb]), concat([skippable, frame, frame, bomb])]) {
      for (const size of [1, 4096]) {
        const error = await assertRejects(() => read(bytes, size), TowerError);
        assertEquals(error.code, "limit");
      }
    }
  }
});
