import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type RandomNumbers,
  randomNumbers,
} from "../../../tests/support/program/random_numbers.ts";
import { memorySink, memorySource } from "../../bytes/bytes.ts";
import { TowerError } from "../../errors.ts";
import { uuidFrom } from "../uuid.ts";
import { VERITY_BLOCK, verityGeometry } from "./geometry.ts";
import { readSuperblock } from "./superblock.ts";
import { writeVerity } from "./tree.ts";
import { verifiedSource, verify } from "./verified_source.ts";

const NO_SALT = new Uint8Array();
const OPTIONS = { uuid: uuidFrom("verity"), salt: NO_SALT };

/** Blocks that are each of one byte, their number. */
function blocks(count: number): Uint8Array {
  const bytes = new Uint8Array(count * VERITY_BLOCK);
  for (let i = 0; i < count; i++) bytes.fill(i, i * VERITY_BLOCK, (i + 1) * VERITY_BLOCK);
  return bytes;
}

function hashed(data: Uint8Array, salt = NO_SALT) {
  const size = verityGeometry(data.length / VERITY_BLOCK).blocks * VERITY_BLOCK;
  const sink = memorySink(size);
  const root = writeVerity(memorySource(data), { ...OPTIONS, salt }, sink);
  return { hashes: sink.bytes, root };
}

Deno.test("the top level comes first behind the superblock", () => {
  assertEquals(verityGeometry(1), { dataBlocks: 1, levels: [], blocks: 1 });
  assertEquals(verityGeometry(128).levels, [{ first: 1, blocks: 1 }]);
  assertEquals(verityGeometry(129).levels, [{ first: 2, blocks: 2 }, { first: 1, blocks: 1 }]);
  assertEquals(verityGeometry(16385).levels.map(({ blocks }) => blocks), [129, 2, 1]);
  assertThrows(() => verityGeometry(0), RangeError);
});

Deno.test("the root hash is the top block's digest, and that of the data where there is one block", () => {
  // hashlib of Python over blocks of zeros and of ones.
  const one = "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7";
  const two = "dd9c4d99ab2332f88ff3bd4cb99e3db16fea710ecbc8cef4b7e237fc5765401b";
  assertEquals(hashed(blocks(1)).root, one);
  assertEquals(hashed(blocks(2)).root, two);
});

Deno.test("a superblock is read as it was written", () => {
  const salt = Uint8Array.of(1, 2, 3);
  const { hashes } = hashed(blocks(129), salt);
  const geometry = verityGeometry(129);
  assertEquals(readSuperblock(memorySource(hashes)), { uuid: OPTIONS.uuid, salt, geometry });
});

Deno.test("data that is no whole blocks is refused", () => {
  const sink = memorySink(0);
  for (const size of [0, 4095, 4097]) {
    const write = () => writeVerity(memorySource(new Uint8Array(size)), OPTIONS, sink);
    assertThrows(write, TowerError, "no whole number of blocks of 4096");
  }
});

Deno.test("reads of any part are checked, and give what was hashed", () => {
  const data = blocks(300);
  const { hashes, root } = hashed(data, Uint8Array.of(7));
  const source = verifiedSource(memorySource(data), memorySource(hashes), root.toUpperCase());
  const into = new Uint8Array(10_000);
  assertEquals(source.readAt(5000, into), 10_000);
  assertEquals(into, data.slice(5000, 15_000));
  assertEquals(source.readAt(data.length - 3, into), 3);
  assertEquals(source.readAt(data.length, into), 0);
});

Deno.test("a flipped bit in the data or in any level of the tree is found", () => {
  const data = blocks(129);
  const { hashes, root } = hashed(data);
  const check = () => verify(memorySource(data), memorySource(hashes), root);
  check();
  const random = randomNumbers(3);
  for (const [bytes, from] of [[data, 0], [hashes, VERITY_BLOCK]] as const) {
    for (let i = 0; i < 30; i++) {
      const at = from + random.below(bytes.length - from);
      const bit = 1 << random.below(8);
      bytes[at]! ^= bit;
      const error = assertThrows(check, TowerError, "is not what was hashed");
      assertEquals(error.code, "untrusted");
      bytes[at]! ^= bit;
    }
  }
  check();
});

const CASES = 20_000;
const SEED = 20_261_127;
/** Bytes that no hash covers and that need not be zeros. */
const UUID = [16, 32] as const;

function mutated(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  const out = bytes.slice(0, random.below(8) === 0 ? random.below(bytes.length) : bytes.length);
  for (let n = 1 + random.below(4); n > 0 && out.length > 0; n--) {
    const limit = random.pick([out.length, Math.min(out.length, 360)]);
    out[random.below(limit)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  return out;
}

Deno.test(`${CASES} mutated hash devices are refused, or give the same data, seed ${SEED}`, () => {
  const random = randomNumbers(SEED);
  const data = blocks(2);
  const { hashes, root } = hashed(data, Uint8Array.of(1, 2, 3, 4));
  let refused = 0;
  for (let i = 0; i < CASES; i++) {
    const changed = mutated(hashes, random);
    try {
      verify(memorySource(data), memorySource(changed), root);
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
      refused++;
      continue;
    }
    // Nothing but the UUID and what lies behind the 512 bytes may differ.
    const rest = (b: Uint8Array) => [b.slice(0, UUID[0]), b.slice(UUID[1], 512), b.slice(4096)];
    assertEquals(rest(changed), rest(hashes), `case ${i}`);
  }
  assert(refused > CASES / 2, `${refused}`);
});
