import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Digest } from "../../brand.ts";
import { TowerError } from "../../errors.ts";
import { memorySource } from "../../bytes/bytes.ts";
import { digestOf } from "../../bytes/digest.ts";
import { bytesOf, inlineText } from "../../tree/content.ts";
import type { Entry } from "../../tree/entry.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { type BlockCompressor, compressHere } from "../block_compressor.ts";
import { type BlockPacking, openBlockEncoder } from "../block_encoder.ts";
import { readSquashfs, SQUASHFS_LIMITS } from "./reader.ts";
import { writeSquashfs } from "./writer.ts";

const EPOCH = 1_700_000_000;
const NAME = `sha256:${"5".repeat(64)}` as Digest;
const BASE = { mode: 0o644, uid: 0, gid: 0, mtime: EPOCH, origin: "stage:squashfs" } as const;
const PACKINGS: readonly BlockPacking[] = [
  { compression: "none" },
  { compression: "gzip", level: 6 },
  { compression: "zstd", level: 9 },
];
const NO_BLOBS = {
  open: (): never => {
    throw new Error("no blobs");
  },
};

function emptyTree(): FileTree {
  return new FileTree({ ...BASE, mode: 0o1751, uid: 3 });
}

/** Bytes that compress somewhat, the same every time. */
function sample(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 97 + (state >>> 28);
  });
}

function file(tree: FileTree, path: string, bytes: Uint8Array): void {
  tree.put({ ...BASE, type: "file", path, content: { kind: "inline", bytes } });
}

/** A tree with every kind of entry, and contents of every kind of length. */
function fullTree(): FileTree {
  const tree = emptyTree();
  tree.put({ ...BASE, type: "directory", path: "", mode: 0o711, xattrs: xattrs("user.root") });
  tree.put({ ...BASE, type: "directory", path: "d", mode: 0o2755, gid: 4_000_000_000 });
  tree.put({ ...BASE, type: "directory", path: "d/empty", xattrs: xattrs("trusted.x") });
  file(tree, "d/nothing", new Uint8Array());
  file(tree, "d/tail", sample(100, 1));
  file(tree, "d/block", sample(4096, 2));
  file(tree, "d/blocks", sample(3 * 4096 + 5, 3));
  const hole = new Uint8Array(5 * 4096 + 9);
  hole.set(sample(4096, 4), 2 * 4096);
  file(tree, "d/hole", hole);
  const attributes = new Map([...xattrs("user.a"), ...xattrs("security.capability")]);
  tree.put({
    ...{ ...BASE, type: "file", path: "set", mode: 0o4755, uid: 1000, gid: 50, mtime: 2 ** 32 - 1 },
    ...{ content: inlineText("set"), xattrs: attributes },
  });
  tree.put({ ...BASE, type: "hardlink", path: "again", target: "d/blocks" });
  tree.put({ ...BASE, type: "hardlink", path: "z", target: "d/blocks" });
  tree.put({ ...BASE, type: "symlink", path: "link", target: "../d/ü", xattrs: attributes });
  tree.put({ ...BASE, type: "char", path: "null", major: 1, minor: 3 });
  tree.put({ ...BASE, type: "block", path: "disk", major: 4095, minor: 1048575 });
  tree.put({ ...BASE, type: "fifo", path: "pipe" });
  return tree;
}

function xattrs(name: string): ReadonlyMap<string, Uint8Array> {
  return new Map([[name, sample(30, 5)]]);
}

async function imageOf(
  tree: FileTree,
  packing: BlockPacking,
  compressor?: BlockCompressor,
): Promise<Uint8Array> {
  const parts: [number, Uint8Array][] = [];
  const size = await writeSquashfs(
    tree,
    NO_BLOBS,
    { writeAt: (at, bytes) => void parts.push([at, bytes.slice()]) },
    {
      ...{ blockSize: 4096, epoch: EPOCH, compression: packing.compression },
      compressor: compressor ?? compressHere(openBlockEncoder(packing, "wasm")),
    },
  );
  const image = new Uint8Array(size);
  for (const [at, bytes] of parts) image.set(bytes, at);
  return image;
}

/** All of a tree, contents included, by path. Of several names the first is the file. */
async function shown(image: Uint8Array) {
  const { tree, contents } = await readSquashfs(memorySource(image), NAME);
  return [...tree.walk()].map((entry) => plain(entry, (e) => bytesOf(contents, e.content)));
}

function plain(entry: Entry, read: (entry: Entry & { type: "file" }) => Uint8Array) {
  const { xattrs } = entry;
  const rest = { ...entry, xattrs: xattrs && [...xattrs].sort() };
  return entry.type === "file" ? { ...rest, content: digestOf(read(entry)) } : rest;
}

for (const packing of PACKINGS) {
  Deno.test(`squashfs, ${packing.compression}: what was written is read`, async () => {
    const tree = fullTree();
    // The first of a file's names becomes the file.
    tree.put({ ...tree.get("d/blocks")!, path: "again" });
    tree.put({ ...BASE, type: "hardlink", path: "d/blocks", target: "again" });
    tree.put({ ...BASE, type: "hardlink", path: "z", target: "again" });
    const wanted = [...tree.walk()].map((entry) =>
      plain(entry, (e) => bytesOf(NO_BLOBS, e.content))
    );
    assertEquals(await shown(await imageOf(tree, packing)), wanted);
  });
}

Deno.test("squashfs: the bytes are those that were made before", async () => {
  const digests = [];
  for (const packing of PACKINGS) digests.push(digestOf(await imageOf(fullTree(), packing)));
  assertEquals(digests, [
    "sha256:4aaaa371ec92a21fae6effbb8a6ae8d55fae952889b03e2f538a147a8e48abfe",
    "sha256:a6fd1b753d6a9f10e756ea7da02b9455ad46e6bb3d3359af35a6c5dd6af4999a",
    "sha256:600f336c80c1b0f8ee06ac0b28c2c5f45086064863bcd4513f9a3b2f96137ad8",
  ]);
});

Deno.test("squashfs: batches that are under way at once, and end out of turn, change nothing", async () => {
  const tree = emptyTree();
  for (let i = 0; i < 5; i++) file(tree, `f${i}`, sample(1_400_000 + i, i));
  const packing = { compression: "gzip", level: 1 } as const;
  const here = compressHere(openBlockEncoder(packing, "wasm"));
  let calls = 0;
  const late: BlockCompressor = {
    ...{ ...here, most: 4 },
    async compress(blocks) {
      await new Promise((resolve) => setTimeout(resolve, [9, 0, 5][calls++ % 3]));
      return await here.compress(blocks);
    },
  };
  assertEquals(
    digestOf(await imageOf(tree, packing, late)),
    digestOf(await imageOf(tree, packing)),
  );
  assert(calls > 4, "the contents are several batches");
});

Deno.test("squashfs: equal contents are there once, and zeros not at all", async () => {
  const none = { compression: "none" } as const;
  const size = async (...contents: Uint8Array[]) => {
    const tree = emptyTree();
    contents.forEach((bytes, i) => file(tree, `f${i}`, bytes));
    return (await imageOf(tree, none)).length;
  };
  const noise = sample(1 << 20, 7);
  const once = await size(noise);
  assert(await size(noise, noise.slice(), noise.slice()) < once + 8192);
  assert(await size(noise, new Uint8Array(8 << 20)) < once + 16384);
});

Deno.test("squashfs: a directory of 3,000 entries is read in order", async () => {
  const tree = emptyTree();
  for (let i = 0; i < 3000; i++) file(tree, `file number ${i}`, sample(i % 3, i));
  const { tree: read } = await readSquashfs(
    memorySource(await imageOf(tree, { compression: "gzip", level: 6 })),
    NAME,
  );
  assertEquals([...read.walk()].map((e) => e.path), [...tree.walk()].map((e) => e.path));
});

Deno.test("squashfs: what it cannot hold is refused before a byte is written", async () => {
  const refused = async (change: (tree: FileTree) => void, cause: string) => {
    const tree = emptyTree();
    change(tree);
    const sink = { writeAt: () => assert(false, "nothing is to be written") };
    const compressor = compressHere((block) => block);
    const options = { compression: "none", compressor, blockSize: 4096, epoch: 0 } as const;
    await assertRejects(() => writeSquashfs(tree, NO_BLOBS, sink, options), TowerError, cause);
  };
  const fifo = { ...BASE, type: "fifo", path: "x" } as const;
  await refused((tree) => tree.put({ ...fifo, mtime: -1 }), "from 1970 to 2106");
  await refused((tree) => tree.put({ ...fifo, uid: 2 ** 32 }), "owner");
  const acl = new Map([["system.posix_acl_access", new Uint8Array(4)]]);
  await refused((tree) => tree.put({ ...fifo, xattrs: acl }), "posix_acl_access");
  const long = new Map([["user.a", new Uint8Array(65537)]]);
  await refused((tree) => tree.put({ ...fifo, xattrs: long }), "65537 bytes");
  await refused(
    (tree) => tree.put({ ...BASE, type: "symlink", path: "l", target: "t".repeat(4096) }),
    "4096 bytes",
  );
  await refused(
    (tree) => tree.put({ ...BASE, type: "char", path: "c", major: 4096, minor: 0 }),
    "4096:0",
  );
  await refused((tree) => {
    for (let i = 0; i < 65536; i++) tree.put({ ...fifo, path: `p${i}`, uid: i });
  }, "65535 users and groups");
});

Deno.test("squashfs: what an image may ask for is bounded", async () => {
  const tree = emptyTree();
  for (let i = 0; i < 50; i++) tree.put({ ...BASE, type: "fifo", path: `pipe${i}` });
  const source = memorySource(await imageOf(tree, { compression: "none" }));
  const read = (limits: Partial<typeof SQUASHFS_LIMITS>) =>
    readSquashfs(source, NAME, { ...SQUASHFS_LIMITS, ...limits });
  assertEquals((await read({ entries: 50 })).tree.size, 51);
  await assertRejects(() => read({ entries: 49 }), TowerError, "more than 49 entries");
  await assertRejects(() => read({ bytes: 200 }), TowerError, "more than 200 bytes");
});
