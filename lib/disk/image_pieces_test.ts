import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { TowerError } from "../errors.ts";
import { memorySource } from "../bytes/bytes.ts";
import {
  type Extent,
  type ImagePieces,
  sourcePieces,
  streamPieces,
  vouchedFor,
} from "./image_pieces.ts";

const IMAGE = new Uint8Array(6_000_001).map((_, i) => (i * i) >> 5);
const sha256 = (start: number, end: number) =>
  createHash("sha256").update(IMAGE.subarray(start, end)).digest("hex");
const range = (start: number, end: number): Extent => ({ start, end, sha256: sha256(start, end) });
const EXTENTS = [range(0, 4096), range(8192, 5_000_192), range(5_996_544, IMAGE.length)];

async function* cut(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const stream = (
  size: number,
  extents: readonly Extent[] = EXTENTS,
  bytes: Uint8Array<ArrayBuffer> = IMAGE,
) => streamPieces(() => cut(bytes, size), IMAGE.length, extents);

/** What pieces bring, on a background of ones. */
async function brought({ pieces }: ImagePieces): Promise<Uint8Array> {
  const bytes = new Uint8Array(IMAGE.length).fill(1);
  for await (const piece of pieces()) bytes.set(piece.bytes, piece.offset);
  return bytes;
}

Deno.test("a stream brings the same pieces as the image itself, twice if asked", async () => {
  const wanted = new Uint8Array(IMAGE.length).fill(1);
  for (const { start, end } of EXTENTS) wanted.set(IMAGE.subarray(start, end), start);
  assertEquals(await brought(sourcePieces(memorySource(IMAGE), EXTENTS)), wanted);
  for (const size of [1000, 4096, 1_000_003, 9_000_000]) {
    const pieces = stream(size);
    assertEquals(await brought(pieces), wanted, `${size}`);
    assertEquals(await brought(pieces), wanted, `${size} again`);
  }
});

Deno.test("what a block map does not vouch for is refused before the end of its range", async () => {
  const bad = [range(0, 4096), { ...range(8192, 5_000_192), sha256: sha256(0, 1) }];
  for (const pieces of [sourcePieces(memorySource(IMAGE), bad), stream(65536, bad)]) {
    const error = await assertRejects(() => brought(pieces), TowerError, "before byte 5000192");
    assertEquals(error.code, "untrusted");
  }
});

Deno.test("a stream of another length than was promised is refused", async () => {
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [IMAGE.subarray(0, 5_999_000), "it has 5999000 bytes, not 6000001"],
    [new Uint8Array([...IMAGE, 0]), "it has more bytes, not 6000001"],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(() => brought(stream(65536, [range(0, 4096)], bytes)), TowerError, message);
  }
});

Deno.test("an image that ends before its map does is refused", async () => {
  const short = memorySource(IMAGE.subarray(0, 4096 + 10));
  const { pieces } = sourcePieces(short, [range(0, 4096), range(4096, 8192)]);
  const work = async () => {
    for await (const _ of pieces());
  };
  const error = await assertRejects(work, TowerError, "it ends at 4106, not 8192");
  assertEquals(error.code, "malformed");
});

Deno.test("a file is vouched for as a whole, at its end", async () => {
  const whole = () => sourcePieces(memorySource(IMAGE), [{ start: 0, end: IMAGE.length }]).pieces();
  const bytesOf = async (digest: string) => {
    let size = 0;
    for await (const { bytes } of vouchedFor(whole(), digest, "x.img")) size += bytes.length;
    return size;
  };
  assertEquals(await bytesOf(sha256(0, IMAGE.length)), IMAGE.length);
  const error = await assertRejects(
    () => bytesOf(sha256(0, IMAGE.length - 1)),
    TowerError,
    'Cannot trust "x.img": it is not what SHA256SUMS says',
  );
  assertEquals(error.code, "untrusted");
});
