import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { memorySource } from "../bytes/bytes.ts";
import { type Card, compare, flash, zero } from "./flash.ts";
import { type Extent, sourcePieces } from "./image_pieces.ts";
import type { Medium } from "./medium.ts";

const OPTIONS = { signal: new AbortController().signal, onProgress() {} };

function memoryMedium(
  bytes: Uint8Array,
  isBlank: boolean,
): Medium & { written: number; unflushed: number } {
  const medium = {
    ...memorySource(bytes),
    written: 0,
    /** Bytes that a power cut, or taking the card out, would lose. */
    unflushed: 0,
    isBlank,
    writeAt(offset: number, part: Uint8Array) {
      bytes.set(part, offset);
      medium.written += part.length;
      medium.unflushed += part.length;
    },
    read: (offset: number, into: Uint8Array) => Promise.resolve(medium.readAt(offset, into)),
    write: (offset: number, part: Uint8Array) => Promise.resolve(medium.writeAt(offset, part)),
    flush: () => Promise.resolve(void (medium.unflushed = 0)),
    commit: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
  return medium;
}

const IMAGE = new Uint8Array(40_000);
IMAGE.fill(7, 5000, 6000);
IMAGE.fill(9, 39_990);

const WHOLE = [{ start: 0, end: IMAGE.length }];
const image = (extents: readonly Extent[] = WHOLE) => sourcePieces(memorySource(IMAGE), extents);

Deno.test("a blank medium gets only the blocks that hold something", async () => {
  const bytes = new Uint8Array(IMAGE.length);
  const medium = memoryMedium(bytes, true);
  const cards: Card[] = [{ medium }];
  await flash(image(), cards, OPTIONS);
  assertEquals([bytes, medium.written], [IMAGE, 4096 + 40_000 - 9 * 4096]);
  assertEquals(medium.unflushed, 0);
  await compare(image(), cards, OPTIONS);
  assertEquals(cards[0]!.failure, undefined);
});

Deno.test("a used medium gets exactly the extents, zeros too; the rest stays", async () => {
  const bytes = new Uint8Array(IMAGE.length).fill(1);
  const extents = [{ start: 4096, end: 12_288 }, { start: 36_864, end: 40_000 }];
  await flash(image(extents), [{ medium: memoryMedium(bytes, false) }], OPTIONS);
  assertEquals(bytes.subarray(4096, 12_288), IMAGE.subarray(4096, 12_288));
  assertEquals([bytes[0], bytes[20_000], bytes[39_999]], [1, 1, 9]);
  await zero([{ medium: memoryMedium(bytes, false) }], OPTIONS);
  assertEquals(bytes, new Uint8Array(IMAGE.length));
});

Deno.test("C12: a medium that gives back other bytes, or ends too early, is told with the place", async () => {
  const bytes = IMAGE.slice();
  bytes[5500] = 8;
  const cards: Card[] = [bytes, IMAGE.slice(), IMAGE.slice(0, 39_000)]
    .map((found) => ({ medium: memoryMedium(found, false) }));
  await compare(image(), cards, OPTIONS);
  const said = cards.map(({ failure }) => failure instanceof TowerError ? failure.message : "");
  assertEquals(said.map((text) => /at byte [0-9]+/.exec(text)?.[0]), [
    "at byte 5500",
    undefined,
    "at byte 39000",
  ]);
});

Deno.test("a card that cannot be written leaves the others whole, and is not tried again", async () => {
  const [good, other] = [new Uint8Array(IMAGE.length), new Uint8Array(IMAGE.length)];
  const broken = memoryMedium(new Uint8Array(IMAGE.length), false);
  let tries = 0;
  broken.write = () => Promise.reject(new TowerError("io", `it broke ${++tries}`));
  const cards: Card[] = [
    { medium: memoryMedium(good, false) },
    { medium: broken },
    { medium: memoryMedium(other, true) },
  ];
  const extents = [{ start: 0, end: 4096 }, { start: 4096, end: IMAGE.length }];
  await flash(image(extents), cards, OPTIONS);
  await compare(image(extents), cards, OPTIONS);
  assertEquals([good, other, tries], [IMAGE, IMAGE, 1]);
  assertEquals(cards.map(({ failure }) => failure === undefined), [true, false, true]);
});

Deno.test("a signal ends the writing", async () => {
  const signal = AbortSignal.abort(new TowerError("interrupted", "stop"));
  const bytes = new Uint8Array(IMAGE.length);
  await assertRejects(
    () => flash(image(), [{ medium: memoryMedium(bytes, true) }], { ...OPTIONS, signal }),
    TowerError,
    "stop",
  );
  assert(bytes.every((byte) => byte === 0));
});

Deno.test("what is done is told in bytes of all cards, up to the whole", async () => {
  const told: [number, number][] = [];
  const onProgress = (done: number, total: number) => void told.push([done, total]);
  const extents = [{ start: 0, end: 4096 }, { start: 8192, end: 12_288 }];
  const medium = memoryMedium(new Uint8Array(IMAGE.length), false);
  await flash(image(extents), [{ medium }], { ...OPTIONS, onProgress });
  assertEquals(told.splice(0), [[4096, 8192], [8192, 8192]]);
  const large = (4 << 20) + 1;
  const cards = [large, 5].map((size) => ({
    medium: memoryMedium(new Uint8Array(size).fill(1), false),
  }));
  await zero(cards, { ...OPTIONS, onProgress });
  assertEquals(told.at(-1), [large + 5, large + 5]);
  assertEquals(told.map(([done]) => done).toSorted((a, b) => a - b), told.map(([done]) => done));
  assertEquals(cards.map(({ medium }) => medium.written), [large, 5]);
});
