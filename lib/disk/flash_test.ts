import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { memorySource } from "../format/bytes.ts";
import { compare, flash, zero } from "./flash.ts";
import type { Medium } from "./medium.ts";

const OPTIONS = { signal: new AbortController().signal, onProgress() {} };

function memoryMedium(bytes: Uint8Array, isBlank: boolean): Medium & { written: number } {
  const medium = {
    ...memorySource(bytes),
    written: 0,
    isBlank,
    writeAt(offset: number, part: Uint8Array) {
      bytes.set(part, offset);
      medium.written += part.length;
    },
    flush: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
  return medium;
}

const IMAGE = new Uint8Array(40_000);
IMAGE.fill(7, 5000, 6000);
IMAGE.fill(9, 39_990);

Deno.test("a blank medium gets only the blocks that hold something", async () => {
  const bytes = new Uint8Array(IMAGE.length);
  const medium = memoryMedium(bytes, true);
  const whole = [{ start: 0, end: IMAGE.length }];
  await flash(memorySource(IMAGE), medium, whole, OPTIONS);
  assertEquals([bytes, medium.written], [IMAGE, 4096 + 40_000 - 9 * 4096]);
  await compare(memorySource(IMAGE), medium, whole, OPTIONS);
});

Deno.test("a used medium gets exactly the extents, zeros too; the rest stays", async () => {
  const bytes = new Uint8Array(IMAGE.length).fill(1);
  const extents = [{ start: 4096, end: 12_288 }, { start: 36_864, end: 40_000 }];
  await flash(memorySource(IMAGE), memoryMedium(bytes, false), extents, OPTIONS);
  assertEquals(bytes.subarray(4096, 12_288), IMAGE.subarray(4096, 12_288));
  assertEquals([bytes[0], bytes[20_000], bytes[39_999]], [1, 1, 9]);
  await zero(memoryMedium(bytes, false), OPTIONS);
  assertEquals(bytes, new Uint8Array(IMAGE.length));
});

Deno.test("C12: a medium that gives back other bytes, or ends too early, is told with the place", async () => {
  const bytes = IMAGE.slice();
  bytes[5500] = 8;
  const whole = [{ start: 0, end: IMAGE.length }];
  const check = (found: Uint8Array) =>
    assertRejects(
      () => compare(memorySource(IMAGE), memorySource(found), whole, OPTIONS),
      TowerError,
    );
  assertEquals((await check(bytes)).message.includes("at byte 5500"), true);
  assertEquals((await check(IMAGE.subarray(0, 39_000))).message.includes("at byte 39000"), true);
});

Deno.test("a signal ends the writing", async () => {
  const signal = AbortSignal.abort(new TowerError("interrupted", "stop"));
  await assertRejects(
    () =>
      flash(memorySource(IMAGE), memoryMedium(IMAGE.slice(), true), [{ start: 0, end: 8 }], {
        ...OPTIONS,
        signal,
      }),
    TowerError,
    "stop",
  );
});
