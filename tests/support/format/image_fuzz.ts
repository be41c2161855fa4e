/** Changed images, which a reader reads or refuses: it never crashes, hangs or takes much memory. */
import { assert } from "@std/assert";
import { concat } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { piecesOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { type FileTree, isCanonical } from "../../../lib/tree/file_tree.ts";
import { type RandomNumbers, randomNumbers } from "../program/random_numbers.ts";

/** Images that are changed; each has a seed of its own that a failure names. */
export const FUZZ_CASES = Number(Deno.env.get("TOWER_FUZZ_CASES") ?? 20_000);
const MAX_SECONDS = 5;
/** Bytes of contents that are read of an image at most: it may say that it has any number. */
const MOST_READ = 4 << 20;
const TELLING = [0, 1, 2, 0x0e, 0x2e, 0x2f, 0x3f, 0x7f, 0x80, 0xfe, 0xff];
const SECTOR = 512;

/** Where changes hit what counts: at bytes with something in them, or in the part that tells most. */
type Aim = (random: RandomNumbers) => number;

function aimAt(image: Uint8Array, [start, end]: Head): Aim {
  const places: number[] = [];
  for (let at = 0; at < image.length; at += SECTOR) {
    const sector = image.subarray(at, at + SECTOR);
    // Of one byte over and over: a file's contents.
    if (sector.every((byte) => byte === sector[0])) continue;
    sector.forEach((byte, i) => byte !== 0 && places.push(at + i));
  }
  return (random) => {
    const at = random.below(3) === 0
      ? start + random.below(end - start)
      : random.pick(places) + random.below(3);
    return Math.min(at, image.length - 1);
  };
}

/** From a byte on to before another. */
type Head = readonly [start: number, end: number];

/** One to four changes: bits, telling bytes and numbers, cuts and copies of ranges. */
function mutate(image: Uint8Array, random: RandomNumbers, aim: Aim, least: number): Uint8Array {
  let out = image.slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = Math.min(aim(random), out.length - 1);
    const length = random.below(Math.min(40, out.length - at) + 1);
    switch (random.below(7)) {
      case 0:
      case 1:
        out[at]! ^= 1 << random.below(8);
        break;
      case 2:
        out[at] = random.pick(TELLING);
        break;
      case 3:
        out.fill(random.pick([0, 0xff]), at, at + random.pick([2, 4, 8]));
        break;
      case 4:
        out.copyWithin(Math.min(aim(random), out.length - 1), at, at + length);
        break;
      case 5:
        // Where all lies at its place, a byte that is missing leaves nothing to read.
        if (random.below(10) === 0) out = concat([out.subarray(0, at), out.subarray(at + length)]);
        else out[at]! -= 1;
        break;
      default:
        if (random.below(20) === 0) out = out.slice(0, Math.max(least, at));
        else out[at]! += 1;
    }
    if (out.length < least) return image;
  }
  return out;
}

/** Reads all that a tree has, up to a bound. */
export function readTree(tree: FileTree, contents: ContentReader): void {
  const chunk = new Uint8Array(64 << 10);
  let read = 0;
  for (const entry of tree.walk()) {
    assert(entry.path === "" || isCanonical(entry.path), entry.path);
    if (entry.type !== "file") continue;
    for (const piece of piecesOf(contents, entry.content, chunk)) {
      if ((read += piece.length) > MOST_READ) return;
    }
  }
}

/**
 * Reads an image and many changed ones.
 * @param head The part that tells most.
 */
export async function fuzzImage(
  image: Uint8Array,
  readAll: (image: Uint8Array) => void | Promise<void>,
  { cases, head, leastRefused = 1 / 3 }: {
    readonly cases: number;
    readonly head: Head;
    /** Share of what must be refused: with less, changes hit nothing. */
    readonly leastRefused?: number;
  },
): Promise<void> {
  await readAll(image);
  const aim = aimAt(image, head);
  let refused = 0;
  for (let seed = 1; seed <= cases; seed++) {
    const changed = mutate(image, randomNumbers(seed), aim, head[1]);
    const start = performance.now();
    try {
      await readAll(changed);
    } catch (error) {
      const isKnown = error instanceof TowerError &&
        ["malformed", "limit", "unsupported", "damaged"].includes(error.code);
      if (!isKnown) throw new Error(`seed ${seed}`, { cause: error });
      refused++;
    }
    const seconds = (performance.now() - start) / 1000;
    assert(seconds < MAX_SECONDS, `seed ${seed} took ${seconds} s`);
  }
  assert(refused > cases * leastRefused, `${refused} of ${cases} were refused`);
  const { heapUsed, external } = Deno.memoryUsage();
  assert(heapUsed + external < 1 << 30, `${heapUsed} and ${external} bytes are held`);
}
