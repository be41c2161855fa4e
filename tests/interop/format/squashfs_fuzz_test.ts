import { assert } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { concat, memorySource } from "../../../lib/bytes/bytes.ts";
import { openBlockPacker } from "../../../lib/disk/block_packer.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import { writeSquashfs } from "../../../lib/format/squashfs/writer.ts";
import { inlineText, piecesOf } from "../../../lib/tree/content.ts";
import { isCanonical } from "../../../lib/tree/file_tree.ts";
import { emptyTree, EPOCH, sources } from "../../support/format/ext4_image.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";
import { readSquashfs } from "../../../lib/format/squashfs/reader.ts";
import { type RandomNumbers, randomNumbers } from "../../support/program/random_numbers.ts";

/** Images that are changed; each has a seed of its own that a failure names. */
const CASES = Number(Deno.env.get("TOWER_FUZZ_CASES") ?? 20_000);
const MAX_SECONDS = 5;
const LIMITS = { entries: 10_000, bytes: 4 << 20 };
/** Bytes of contents that are read of an image at most: it may say that it has any number. */
const MOST_READ = 4 << 20;

/** A small image with every kind of entry. */
async function sampleImage(packing: BlockPacking): Promise<Uint8Array> {
  const meta = { uid: 7, gid: 8, mtime: EPOCH, mode: 0o644, origin: "stage:test" } as const;
  const xattrs = new Map([["user.a", new Uint8Array(20)], ["security.b", new Uint8Array([1])]]);
  const tree = emptyTree();
  tree.put({ ...meta, type: "directory", path: "d", xattrs });
  tree.put({ ...meta, type: "directory", path: "d/e" });
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i >> 12) === 1 ? 0 : i >> 5);
  tree.put({ ...meta, type: "file", path: "d/blocks", content: { kind: "inline", bytes } });
  for (let i = 0; i < 6; i++) {
    tree.put({ ...meta, type: "file", path: `d/e/f${i}`, content: inlineText(`text ${i}`) });
  }
  tree.put({ ...meta, type: "hardlink", path: "again", target: "d/blocks" });
  tree.put({ ...meta, type: "symlink", path: "link", target: "d/e/f1", xattrs });
  tree.put({ ...meta, type: "char", path: "null", major: 1, minor: 3 });
  tree.put({ ...meta, type: "fifo", path: "pipe" });
  const parts: [number, Uint8Array][] = [];
  using compressor = openBlockPacker(packing, 1, new AbortController().signal);
  const { compression } = packing;
  const sink = { writeAt: (at: number, bytes: Uint8Array) => void parts.push([at, bytes.slice()]) };
  const options = { compression, compressor, blockSize: 4096, epoch: EPOCH };
  const image = new Uint8Array(await writeSquashfs(tree, sources({}), sink, options));
  for (const [at, part] of parts) image.set(part, at);
  // Without what lies behind it, changes hit what counts.
  const used = Number(new DataView(image.buffer).getBigUint64(40, true));
  return image.slice(0, used);
}

const TELLING = [0, 1, 2, 0x0e, 0x2e, 0x2f, 0x3f, 0x7f, 0x80, 0xfe, 0xff];

/** One to four changes: bits, telling bytes and numbers, cuts and copies of ranges. */
function mutate(image: Uint8Array, random: RandomNumbers): Uint8Array {
  let out = image.slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(random.below(3) === 0 ? 96 : out.length);
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
        out.copyWithin(random.below(out.length), at, at + length);
        break;
      case 5:
        out = concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      default:
        if (random.below(20) === 0) out = out.slice(0, Math.max(100, at));
        else out[at]! += 1;
    }
    if (out.length < 100) return image;
  }
  return out;
}

/** Reads all that an image has, up to a bound. */
async function readAll(image: Uint8Array): Promise<void> {
  const { tree, contents } = await readSquashfs(memorySource(image), IMAGE_NAME, LIMITS);
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

for (
  const [packing, share] of [
    [{ compression: "none" }, 0.6],
    [{ compression: "gzip", level: 6 }, 0.25],
    [{ compression: "zstd", level: 3 }, 0.15],
  ] as const
) {
  const cases = Math.round(CASES * share);
  Deno.test(`squashfs, ${packing.compression}: ${cases} changed images are read or refused`, async () => {
    const image = await sampleImage(packing);
    await readAll(image);
    let refused = 0;
    for (let seed = 1; seed <= cases; seed++) {
      const changed = mutate(image, randomNumbers(seed));
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
    assert(refused > cases / 3, `${refused} of ${cases} were refused`);
    const { heapUsed, external } = Deno.memoryUsage();
    assert(heapUsed + external < 1 << 30, `${heapUsed} and ${external} bytes are held`);
  });
}
