import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inOneBreath } from "../breathe.ts";
import { memorySource, readExactly } from "../bytes/bytes.ts";
import type { CheckedImage } from "../disk/checked_image.ts";
import { type Extent, sourcePieces } from "../disk/image_pieces.ts";
import { TowerError } from "../errors.ts";
import { pinned } from "./pinned.ts";

const SIZE = 1_000_003;
const bytesOf = () => new Uint8Array(SIZE).map((_, i) => i * 31 + (i >> 8) + 1);

/** An image of which these parts matter. */
function image(bytes: Uint8Array, extents: readonly Extent[]): CheckedImage {
  const head = memorySource(bytes);
  return {
    ...{ path: "x.iso", size: SIZE, head, signer: undefined, made: undefined },
    ...sourcePieces(head, extents),
    [Symbol.dispose]() {},
  };
}

const HOLES = [{ start: 4096, end: 69_632 }, { start: 73_728, end: 77_824 }, {
  start: 700_416,
  end: SIZE,
}];

for (
  const [what, extents] of [["a whole", [{ start: 0, end: SIZE }]], ["a mapped", HOLES]] as const
) {
  Deno.test(`${what} image is read anywhere as it was checked, and zeros where nothing matters`, async () => {
    const bytes = bytesOf();
    const expected = new Uint8Array(SIZE);
    for (const { start, end } of extents) expected.set(bytes.subarray(start, end), start);
    const source = await pinned(image(bytes, extents), inOneBreath);
    assertEquals(readExactly(source, 0, SIZE), expected);
    for (const [at, length] of [[0, 1], [65_535, 2], [SIZE - 1, 1], [4000, 200_000]] as const) {
      assertEquals(readExactly(source, at, length), expected.slice(at, at + length));
    }
    assertEquals(source.readAt(SIZE, new Uint8Array(1)), 0);
  });

  Deno.test(`${what} image that gives other bytes later is refused, wherever they are`, async () => {
    for (const at of [4096, 77_823, 700_416, SIZE - 1]) {
      const bytes = bytesOf();
      const source = await pinned(image(bytes, extents), inOneBreath);
      bytes[at]! ^= 1;
      const error = assertThrows(() => readExactly(source, 0, SIZE), TowerError);
      assertEquals([at, error.code], [at, "untrusted"]);
    }
  });
}

Deno.test("an image that is another one when it is read again is refused", async () => {
  const failing = async function* () {
    yield { offset: 0, bytes: new Uint8Array(10) };
    await Promise.reject(new TowerError("untrusted", "it is not what SHA256SUMS says"));
  };
  const bad = { ...image(bytesOf(), [{ start: 0, end: SIZE }]), pieces: failing };
  await assertRejects(() => pinned(bad, inOneBreath), TowerError, "not what SHA256SUMS says");
});
