import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import type { ByteSink } from "../../../lib/bytes/bytes.ts";
import { BLOCK_SIZE, type Run } from "../../../lib/format/ext4/geometry.ts";
import { planExt4 } from "../../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../../lib/format/ext4/writer.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import {
  blobName,
  countingSource,
  emptyTree,
  EPOCH,
  makeImage,
  OPTIONS,
  sources,
  zeroSource,
} from "../../support/format/ext4_image.ts";
import {
  assertClean,
  assertHolds,
  debugfs,
  missingTools,
} from "../../support/format/ext4_judge.ts";
import { run } from "../../support/program/run_tool.ts";
import { randomTree } from "../../support/format/ext4_trees.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const skip = missingTools.length > 0;
const reason = skip ? ` (skipped: ${missingTools.join(", ")} missing)` : "";
const META = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" } as const;
const NO_BLOBS = sources({});

/** A test that gets the path of an image to make. */
function judged(name: string, body: (image: string) => Promise<void>): void {
  Deno.test({
    name: `${name}${reason}`,
    ignore: skip,
    fn: async () => {
      using folder = tempFolder();
      await body(join(folder.path, "fs.img"));
    },
  });
}

function putFile(tree: FileTree, path: string, blob: string, size: number): void {
  const content = {
    kind: "span",
    blob: blobName(blob),
    offset: 0,
    size,
    sha256: undefined,
  } as const;
  tree.put({ ...META, type: "file", path, mode: 0o644, content });
}

judged("e2fsck finds nothing to fix in 40 random trees", async (image) => {
  for (let seed = 1; seed <= 40; seed++) {
    await makeImage(image, randomTree(seed, 120), { freeBytes: seed % 3 === 0 ? 30 << 20 : 0 });
    await assertClean(image).catch((cause) => {
      throw new Error(`seed ${seed}`, { cause });
    });
  }
});

judged("debugfs reads back every field of random trees", async (image) => {
  for (const seed of [101, 102, 103]) {
    const tree = randomTree(seed, 800);
    await makeImage(image, tree, { freeBytes: 1 << 20 });
    await assertClean(image);
    await assertHolds(image, tree, NO_BLOBS).catch((cause) => {
      throw new Error(`seed ${seed}`, { cause });
    });
  }
});

judged("e2fsck finds nothing to fix at any size, with tails of any length", async (image) => {
  const random = randomNumbers(5);
  const group = 128 << 20;
  const edges = [-1, 0, 1, 40, 45, 50, 100, 560, 600].map((blocks) => 3 * group + blocks * 4096);
  const others = Array.from({ length: 20 }, () => (300 + random.below(700_000)) * 4096);
  for (const size of [...edges, ...others, 17 * group, 16 * group + (5 << 20), 40 * group]) {
    await makeImage(image, emptyTree(), { size });
    assertEquals(Deno.statSync(image).size, size);
    await assertClean(image).catch((cause) => {
      throw new Error(`size ${size}`, { cause });
    });
  }
});

judged("an empty tree makes the smallest file system, with lost+found", async (image) => {
  const layout = await makeImage(image, emptyTree());
  assertEquals(layout.size, 1 << 20);
  await assertClean(image);
  const [listing] = await debugfs(image, ["ls -p /"]);
  assertMatch(listing!, /^\/11\/040700\/0\/0\/lost\+found\//m);
});

judged("dumpe2fs shows the features and the identity that were asked for", async (image) => {
  await makeImage(image, emptyTree(), { freeBytes: 300 << 20 });
  const text = await run("dumpe2fs", "-h", image);
  const field = (name: string) => new RegExp(`^${name}: +(.*)$`, "m").exec(text)?.[1];
  assertEquals(field("Filesystem volume name"), OPTIONS.label);
  assertEquals(field("Filesystem UUID"), OPTIONS.uuid);
  assertEquals(field("Directory Hash Seed"), OPTIONS.hashSeed);
  assertEquals(field("Filesystem state"), "clean");
  assertEquals(field("Total journal size"), "16M");
  assertEquals(
    field("Filesystem features"),
    "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super " +
      "large_file huge_file dir_nlink extra_isize metadata_csum",
  );
});

judged("a directory of 20,000 entries among 100,000 files is whole", async (image) => {
  const tree = emptyTree();
  tree.put({ ...META, type: "directory", path: "many", mode: 0o755 });
  for (let i = 0; i < 20_000; i++) {
    const content = inlineText(`${i}`);
    tree.put({ ...META, type: "file", path: `many/file number ${i}`, mode: 0o644, content });
  }
  for (let i = 0; i < 80_000; i++) {
    if (i % 1000 === 0) tree.put({ ...META, type: "directory", path: `d${i / 1000}`, mode: 0o755 });
    const path = `d${Math.floor(i / 1000)}/f${i}`;
    tree.put({ ...META, type: "file", path, mode: 0o644, content: inlineText(path) });
  }
  await makeImage(image, tree, { freeBytes: 1 << 20 });
  await assertClean(image);
  const [many, last] = await debugfs(image, ["ls -p /many", 'cat "/d79/f79999"']);
  assertEquals(many!.match(/file number/g)?.length, 20_000);
  assertMatch(last!, /d79\/f79999/);
});

judged("directories nest as deep as a path allows", async (image) => {
  const tree = emptyTree();
  let path = "d";
  for (; path.length < 4090; path += "/d") {
    tree.put({ ...META, type: "directory", path, mode: 0o755 });
  }
  tree.put({ ...META, type: "file", path, mode: 0o600, content: inlineText("bottom") });
  await makeImage(image, tree);
  await assertClean(image);
  const [text] = await debugfs(image, [`cat /${path}`]);
  assertMatch(text!, /bottom/);
});

judged("a file over several groups keeps its bytes and its extents", async (image) => {
  const size = 700_000_001;
  const tree = emptyTree();
  putFile(tree, "before", "b", 5000);
  putFile(tree, "large", "c", size);
  putFile(tree, "zlast", "b", 5000);
  const blobs = { [blobName("b")]: countingSource(5000), [blobName("c")]: countingSource(size) };
  const layout = await makeImage(image, tree, {}, sources(blobs));
  await assertClean(image);
  const large = [...layout.inodes].find(({ plan }) => plan.path === "large")!;
  assert(large.nodes.length === 1 && large.runs.length > 4, "its extents need a block");
  const out = `${image}.large`;
  await run("debugfs", "-R", `dump /large ${out}`, image);
  using file = Deno.openSync(out);
  assertEquals(file.statSync().size, size);
  const source = countingSource(size);
  const [got, want] = [new Uint8Array(1 << 20), new Uint8Array(1 << 20)];
  for (let at = 0; at < size;) {
    const n = file.readSync(got)!;
    source.readAt(at, want.subarray(0, n));
    assert(same(got, want, n), `the bytes from ${at} on are the same`);
    at += n;
  }
});

function same(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

judged("a file of 200 GiB has an extent tree of two levels that e2fsck accepts", async (image) => {
  const size = 200 * 2 ** 30;
  const tree = emptyTree();
  putFile(tree, "huge", "a", size);
  const layout = planExt4(tree, OPTIONS);
  {
    using file = fileSink(image, layout.size);
    const { runs } = [...layout.inodes].find(({ plan }) => plan.path === "huge")!;
    const sink = withoutContents(file, runs);
    await writeExt4(layout, sources({ [blobName("a")]: zeroSource(size) }), sink);
  }
  await assertClean(image);
  const [extents] = await debugfs(image, ["ex /huge"]);
  assertMatch(extents!, /^ *2\/ *2 /m);
});

/** Leaves out what lies inside a run, so that a huge image takes little time and disk. */
function withoutContents(sink: ByteSink, runs: readonly Run[]): ByteSink {
  let i = 0;
  return {
    writeAt(offset, bytes) {
      const first = offset / BLOCK_SIZE, end = first + bytes.length / BLOCK_SIZE;
      while (i < runs.length - 1 && runs[i]!.start + runs[i]!.count <= first) i++;
      const { start, count } = runs[i]!;
      if (first < start || end > start + count) sink.writeAt(offset, bytes);
    },
  };
}

judged("the least exact size is clean, and one block less is an error", async (image) => {
  const tree = randomTree(77, 300);
  const free = planExt4(tree, OPTIONS).size;
  let size = free;
  for (; fits(tree, size - 4096); size -= 4096);
  await makeImage(image, tree, { size });
  await assertClean(image);
  const error = assertThrows(
    () => planExt4(tree, { ...OPTIONS, size: size - 4096 }),
    TowerError,
    `of ${size - 4096} bytes`,
  );
  assertEquals(error.code, "no-space");
  assertEquals(error.hint, `A size of ${free / 2 ** 20}MiB is enough`);
});

function fits(tree: FileTree, size: number): boolean {
  try {
    planExt4(tree, { ...OPTIONS, size });
    return true;
  } catch {
    return false;
  }
}

judged("a million free inodes fit, though their tables are larger than a group", async (image) => {
  const layout = await makeImage(image, emptyTree(), { inodesFree: 1_000_000, freeBytes: 1 << 30 });
  await assertClean(image);
  const text = await run("dumpe2fs", "-h", image);
  assert(Number(/^Free inodes: +(\d+)/m.exec(text)![1]) >= 1_000_000);
  assert(layout.geometry.groups[15]!.inodeTable > 32768, "tables go on in the second group");
});

judged(
  "the same tree makes the same bytes, in whatever order it was put together",
  async (image) => {
    const tree = randomTree(9, 400);
    const other = emptyTree();
    const parents = [...tree.walk()].filter((e) => e.type === "directory" && e.path !== "");
    const rest = [...tree.walk()].filter((e) => e.type !== "directory");
    for (const entry of [...parents, ...rest.reverse()]) other.put(entry);
    const sums: string[] = [];
    for (const t of [tree, tree, other]) {
      await makeImage(image, t, { freeBytes: 40 << 20 });
      sums.push((await run("sha256sum", image)).slice(0, 64));
    }
    assertEquals(sums[1], sums[0]);
    assertEquals(sums[2], sums[0]);
  },
);

judged("resize2fs grows 300 MB to 64 GB, and e2fsck finds nothing to fix", async (image) => {
  const tree = randomTree(12, 300);
  await makeImage(image, tree, { size: 300 << 20 });
  await Deno.truncate(image, 64 * 2 ** 30);
  await run("resize2fs", image);
  await assertClean(image);
  const text = await run("dumpe2fs", "-h", image);
  assertMatch(text, /^Block count: +16777216$/m);
  await assertHolds(image, tree, NO_BLOBS);
});
