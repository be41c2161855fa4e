import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { concat, readExactly } from "../../../lib/bytes/bytes.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { openBlockPacker } from "../../../lib/disk/block_packer.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { Content } from "../../../lib/tree/entry.ts";
import {
  blobName,
  countingSource,
  emptyTree,
  EPOCH,
  sources,
} from "../../support/format/ext4_image.ts";
import { run } from "../../support/program/run_tool.ts";
import {
  makeSquashfs,
  randomSquashfsTree,
  readImage,
} from "../../support/format/squashfs_image.ts";
import { folderLines, treeLines } from "../../support/format/squashfs_judge.ts";
import { fileSource, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "mksquashfs", "unsquashfs", "getfattr", "setfattr") ??
  (Deno.uid() === 0 ? undefined : "owners and devices need root");

/** A judged test with a folder of its own. */
function judged(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test({
    ...named(name, missing),
    async fn() {
      using folder = tempFolder();
      await body(folder.path);
    },
  });
}

const META = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" } as const;
const PACKINGS: readonly BlockPacking[] = [
  { compression: "zstd", level: 9 },
  { compression: "gzip", level: 6 },
  { compression: "none" },
];
const NO_BLOBS = sources({});

judged("unsquashfs unpacks every field of random trees as it is", async (folder) => {
  const [image, unpacked] = [join(folder, "x.sqfs"), join(folder, "unpacked")];
  for (let seed = 1; seed <= 18; seed++) {
    const tree = randomSquashfsTree(seed, 300);
    const blockSize = [4096, 128 << 10, 1 << 20][seed % 3]!;
    await makeSquashfs(image, tree, { packing: PACKINGS[seed % 3]!, blockSize });
    await run("unsquashfs", "-quiet", "-no-progress", "-force", "-dest", unpacked, image);
    assertEquals(await folderLines(unpacked), treeLines(tree, NO_BLOBS), `seed ${seed}`);
    Deno.removeSync(unpacked, { recursive: true });
  }
});

judged("what was written is read again, every field of random trees", async (folder) => {
  const image = join(folder, "x.sqfs");
  for (let seed = 101; seed <= 112; seed++) {
    const tree = randomSquashfsTree(seed, 300);
    const blockSize = [4096, 8192, 128 << 10][seed % 3]!;
    await makeSquashfs(image, tree, { packing: PACKINGS[seed % 3]!, blockSize });
    using source = fileSource(image);
    const read = await readImage(source);
    assertEquals(treeLines(read.tree, read.contents), treeLines(tree, NO_BLOBS), `seed ${seed}`);
  }
});

judged("any number of workers makes the same image, and unsquashfs knows it", async (folder) => {
  const tree = emptyTree();
  const size = 9_000_001;
  const blob = blobName("1");
  for (let i = 0; i < 5; i++) {
    const content = { kind: "span", blob, offset: i, size: size - 5, sha256: undefined } as const;
    tree.put({ ...META, type: "file", path: `f${i}`, mode: 0o644, content });
  }
  const reader = sources({ [blob]: countingSource(size) });
  const digests = new Set<string>();
  for (const jobs of [1, 2, 5]) {
    const image = join(folder, `${jobs}.sqfs`);
    await makeSquashfs(image, tree, { packing: PACKINGS[0]!, jobs }, reader);
    digests.add(hashFile(image));
  }
  assertEquals(digests.size, 1);
  const text = await run("unsquashfs", "-stat", join(folder, "1.sqfs"));
  for (
    const line of ["Compression zstd", "Filesystem is exportable", "Number of inodes 6", "ids 1"]
  ) assert(text.includes(line), text);
});

Deno.test("a signal ends the work of workers at once, with its reason", async () => {
  const controller = new AbortController();
  const packing = { compression: "zstd", level: 19 } as const;
  using compressor = openBlockPacker(packing, 2, controller.signal);
  const bytes = Uint8Array.from({ length: 2 << 20 }, (_, i) => (i * i) >> 9);
  const lengths = Array.from({ length: 16 }, () => 128 << 10);
  // The third waits behind one of the others: when the first answer comes, it has none.
  const answers = [1, 2, 3].map(() => compressor.compress({ bytes: bytes.slice(), lengths }));
  const third = assertRejects(() => answers[2]!, TowerError, "a signal came");
  answers[1]!.catch(() => {}); // it may be under way as well
  await Promise.race(answers);
  controller.abort(new TowerError("interrupted", "a signal came"));
  await third;
  await assertRejects(() =>
    compressor.compress({ bytes: new Uint8Array(1 << 20), lengths: [1 << 20] })
  );
});

judged("a directory of 100,000 entries is listed whole", async (folder) => {
  const image = join(folder, "x.sqfs");
  const tree = emptyTree();
  tree.put({ ...META, type: "directory", path: "many", mode: 0o755 });
  for (let i = 0; i < 100_000; i++) {
    const path = `many/${i}-${"long".repeat(i % 9)}`;
    tree.put({ ...META, type: "file", path, mode: 0o644, content: inlineText(`${i % 1000}`) });
  }
  await makeSquashfs(image, tree, { packing: PACKINGS[0]! });
  const listed = (await run("unsquashfs", "-ls", "-dest", "", image)).split("\n")
    .filter((line) => line.startsWith("/many/")).map((line) => line.slice(1));
  const wanted = tree.children("many").map(({ path }) => path);
  assertEquals(listed, wanted);
  const path = wanted.find((path) => path.startsWith("many/77777-"));
  assertEquals(await run("unsquashfs", "-cat", image, `/${path}`), "777");
  using source = fileSource(image);
  const read = await readImage(source);
  assertEquals(read.tree.children("many").map(({ path }) => path), wanted);
});

judged("a file of more than 4 GiB, most of it holes, is unpacked as it is", async (folder) => {
  const [image, unpacked] = [join(folder, "x.sqfs"), join(folder, "unpacked")];
  const size = 5 * 2 ** 30 + 77;
  const [first, last] = [new TextEncoder().encode("first"), new TextEncoder().encode("last")];
  const blob = blobName("2");
  const source = {
    size,
    readAt(offset: number, into: Uint8Array) {
      const n = Math.min(into.length, size - offset);
      into.fill(0, 0, n);
      if (offset === 0) into.set(first);
      if (offset + n === size) into.set(last, n - last.length);
      return n;
    },
  };
  const content: Content = { kind: "span", blob, offset: 0, size, sha256: undefined };
  const tree = emptyTree();
  tree.put({ ...META, type: "file", path: "large", mode: 0o644, content });
  tree.put({ ...META, type: "file", path: "small", mode: 0o644, content: inlineText("small") });
  const reader = sources({ [blob]: source });
  const written = await makeSquashfs(image, tree, { packing: PACKINGS[0]! }, reader);
  assert(written < 1 << 20, `${written} bytes`);
  await run("unsquashfs", "-quiet", "-no-progress", "-dest", unpacked, image);
  using large = fileSource(join(unpacked, "large"));
  using packed = fileSource(image);
  const read = await readImage(packed);
  const entry = read.tree.file("large")!;
  assert(entry.content.kind === "span" && entry.content.size === size);
  const from = entry.content.offset;
  const ours = read.contents.open(entry.content.blob);
  assertEquals(large.size, size);
  for (const at of [0, 2 ** 32 - 50, size - 100]) {
    const wanted = readExactly(large, at, 100);
    assertEquals(readExactly(ours, from + at, 100), wanted);
    if (at === 0) assertEquals(wanted, concat([first, new Uint8Array(95)]));
  }
  assertEquals(Deno.readTextFileSync(join(unpacked, "small")), "small");
});

/** A folder with all that mksquashfs can take, made by hand. */
async function makeFolder(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  Deno.mkdirSync(at("d/deep/er"), { recursive: true });
  const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7);
  for (const size of [0, 1, 4095, 4096, 4097, 131_072, 131_073, 300_000]) {
    Deno.writeFileSync(at(`d/${size}`), noise.subarray(0, size));
  }
  Deno.copyFileSync(at("d/300000"), at("d/deep/same"));
  Deno.linkSync(at("d/4097"), at("d/deep/er/linked"));
  Deno.linkSync(at("d/4097"), at("a-name-before"));
  Deno.symlinkSync("../d/1", at("d/deep/link"));
  await run("mknod", at("char"), "c", "5", "300");
  await run("mknod", at("block"), "b", "259", "70000");
  await run("mkfifo", at("pipe"));
  await run("truncate", "--size", "3M", at("hole"));
  using file = Deno.openSync(at("hole"), { write: true });
  file.seekSync(1 << 20, 0);
  file.writeSync(noise);
  for (let i = 0; i < 700; i++) Deno.writeTextFileSync(at(`d/deep/file-${i}`), `text ${i % 13}`);
  Deno.chmodSync(at("d/1"), 0o4711);
  Deno.chownSync(at("d/0"), 1000, 4_000_000_000);
  const long = "v".repeat(3000);
  for (const path of ["d/1", "d/4096", "d/deep", "hole"]) {
    await run("setfattr", "--name", "user.note", "--value", long, at(path));
    await run("setfattr", "--name", "trusted.note", "--value", `0x00ff`, at(path));
  }
  Deno.utimeSync(at("d/4095"), 1_234_567_890, 1_234_567_890);
}

const OPTIONS: readonly (readonly string[])[] = [
  ...[["-comp", "gzip"], ["-comp", "gzip", "-Xcompression-level", "1", "-Xwindow-size", "10"]],
  ...[["-comp", "lz4"], ["-comp", "lz4", "-Xhc"]],
  ...[["-comp", "xz"], ["-comp", "xz", "-Xbcj", "x86,arm,armthumb", "-b", "16384"]],
  ...[["-comp", "zstd"], ["-comp", "zstd", "-Xcompression-level", "19"]],
  ...["4096", "16384", "1048576"].map((size) => ["-comp", "zstd", "-b", size]),
  ...["-no-fragments", "-always-use-fragments", "-no-exports", "-no-sparse", "-no-duplicates"]
    .map((option) => ["-comp", "zstd", option]),
  ...["-noI", "-noD", "-noF", "-noX", "-noId"].map((option) => ["-comp", "gzip", option]),
  ["-comp", "lz4", "-noI", "-noD", "-noF", "-noX", "-no-xattrs"],
];

judged("images of mksquashfs with any options are read as the folder is", async (folder) => {
  const [source, image] = [join(folder, "source"), join(folder, "x.sqfs")];
  Deno.mkdirSync(source);
  await makeFolder(source);
  const wanted = await folderLines(source);
  const bare = wanted.map((line) => line.replace(/\[\[.*\]\]/, "[]"));
  for (const options of OPTIONS) {
    await run("mksquashfs", source, image, "-noappend", "-quiet", "-no-progress", ...options);
    using packed = fileSource(image);
    const { tree, contents } = await readImage(packed);
    const expected = options.includes("-no-xattrs") ? bare : wanted;
    assertEquals(treeLines(tree, contents), expected, options.join(" "));
  }
});

judged("what is compressed by lzo or lzma is refused by name", async (folder) => {
  const image = join(folder, "x.sqfs");
  Deno.mkdirSync(join(folder, "source"));
  for (const compressor of ["lzma", "lzo"]) {
    const options = ["-noappend", "-quiet", "-no-progress", "-comp", compressor];
    await run("mksquashfs", join(folder, "source"), image, ...options);
    using packed = fileSource(image);
    await assertRejects(() => readImage(packed), TowerError, `compressed by "${compressor}"`);
  }
});
