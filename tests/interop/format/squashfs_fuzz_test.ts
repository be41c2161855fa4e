import { memorySource } from "../../../lib/bytes/bytes.ts";
import { openBlockPacker } from "../../../lib/disk/block_packer.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import { writeSquashfs } from "../../../lib/format/squashfs/writer.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import { emptyTree, EPOCH, sources } from "../../support/format/ext4_image.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";
import { readSquashfs } from "../../../lib/format/squashfs/reader.ts";
import { FUZZ_CASES, fuzzImage, readTree } from "../../support/format/image_fuzz.ts";

const LIMITS = { entries: 10_000, bytes: 4 << 20 };
/** Bytes of a superblock. */
const HEAD = 96;

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

async function readAll(image: Uint8Array): Promise<void> {
  const { tree, contents } = await readSquashfs(memorySource(image), IMAGE_NAME, LIMITS);
  readTree(tree, contents);
}

for (
  const [packing, share] of [
    [{ compression: "none" }, 0.6],
    [{ compression: "gzip", level: 6 }, 0.25],
    [{ compression: "zstd", level: 3 }, 0.15],
  ] as const
) {
  const cases = Math.round(FUZZ_CASES * share);
  Deno.test(`squashfs, ${packing.compression}: ${cases} changed images are read or refused`, async () => {
    await fuzzImage(await sampleImage(packing), readAll, { cases, head: [0, HEAD] });
  });
}
