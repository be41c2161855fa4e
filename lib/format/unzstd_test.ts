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

/** A frame with a window of 128 KiB. */
function frameOf(...blocks: readonly (readonly number[])[]): Uint8Array {
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
  return Uint8Array.from([
    ...head,
    ...blocks.flatMap((block, i) => {
      const word = block.length << 3 | 2 << 1 | Number(i === blocks.length - 1);
      return [word & 0xff, word >> 8 & 0xff, word >> 16, ...block];
    }),
  ]);
}

Deno.test("zstd: a few bytes that would be copied without end are refused at once", async () => {
  // One literal; 98,047 sequences whose codes have one symbol each: matches of 65,539 bytes and more.
  const copies = [1 << 3, 65, 0xff, 0xff, 0xff, 0b01010100, 0, 0, 52, ...Array(40).fill(0xff)];
  const shorter = [1 << 3, 65, 0xff, 0, 0, 0b01010100, 0, 0, 31, 1];
  const literals = [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff];
  for (const block of [copies, shorter, literals]) {
    const start = performance.now();
    const error = await assertRejects(() => read(frameOf(block), 4096), TowerError);
    assertEquals(error.code, "malformed");
    assertEquals(performance.now() - start < 500, true);
  }
  const long = frameOf([]).slice(0, 6);
  const tooLong = new Uint8Array([...long, 1 << 1 | 1, 0, 0x20, 7]);
  await assertRejects(() => read(tooLong, 4096), TowerError, "a block has");
});

Deno.test("zstd: large windows that are moved for next to nothing are refused", async () => {
  // A window of 128 MiB, and blocks of one byte each.
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3];
  const blocks = Array.from({ length: 5000 }, () => [0x0a, 0, 0, 65]).flat();
  const start = performance.now();
  const error = await assertRejects(() => read(Uint8Array.from([...head, ...blocks]), 4096));
  assertEquals([(error as TowerError).code, performance.now() - start < 20_000], ["limit", true]);
});

Deno.test("zstd: whatever libzstd makes at any level is let through, with all kinds of tables", async () => {
  let state = 1;
  const noise = () => (state = Math.imul(state, 1103515245) + 12345 >>> 0) >>> 24;
  const text = new TextEncoder().encode(
    "a tower of small hosts, each with its own job. ".repeat(3000),
  );
  const samples = [
    Uint8Array.from({ length: 300_000 }, noise),
    Uint8Array.from({ length: 300_000 }, (_, i) => i % 7 === 0 ? noise() : 65 + (i >> 4) % 23),
    concat([text, Uint8Array.from({ length: 5000 }, noise), text, text]),
    new Uint8Array(400_000),
    Uint8Array.of(7),
  ];
  for (const bytes of samples) {
    for (const level of [1, 3, 9, 19]) {
      assertEquals(await read(await openZstd("wasm", level)(bytes), 3000), bytes);
    }
  }
});
