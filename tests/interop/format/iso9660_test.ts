import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Digest } from "../../../lib/brand.ts";
import { planIso } from "../../../lib/format/iso9660/plan.ts";
import { writeIso } from "../../../lib/format/iso9660/writer.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader, Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { isoTree } from "../../support/format/iso_trees.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { inlineOnly, smallTree } from "../../support/tree/small_tree.ts";

const runner = denoRunner();
const OPTIONS = { label: "TOWER", epoch: 1_700_000_000, boot: undefined };

async function run(...argv: [string, ...string[]]): Promise<string> {
  const { stdout, stderr } = await runner.run({
    argv,
    variables: { TZ: "UTC", LC_ALL: "C.UTF-8" },
  });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function writeImage(
  path: string,
  tree: FileTree,
  reader: ContentReader = inlineOnly,
): Promise<number> {
  const layout = planIso(tree, OPTIONS);
  using sink = fileSink(path, layout.size);
  await writeIso(layout, reader, sink);
  return layout.size;
}

/** What stat(2) tells of a file that was made of an entry. */
function assertSame(
  entry: Entry,
  target: Exclude<Entry, { type: "hardlink" }>,
  path: string,
): void {
  const stat = Deno.lstatSync(path);
  const note = `/${entry.path} (${target.type})`;
  const isType = {
    file: stat.isFile,
    directory: stat.isDirectory,
    symlink: stat.isSymlink,
    char: stat.isCharDevice,
    block: stat.isBlockDevice,
    fifo: stat.isFifo,
  };
  assert(isType[target.type], note);
  // xorriso gives links the owner of who runs it.
  if (target.type === "symlink") return assertEquals(Deno.readLinkSync(path), target.target, note);
  assertEquals([stat.uid, stat.gid], [target.uid, target.gid], note);
  assertEquals(stat.mode! & 0o7777, target.mode, note);
  assertEquals(stat.mtime!.getTime() / 1000, target.mtime, note);
  if (target.type === "char" || target.type === "block") {
    assertEquals(stat.rdev, target.major << 8 | target.minor, note);
  }
  if (target.type !== "file") return;
  assertEquals(Deno.readFileSync(path), bytesOf(inlineOnly, target.content), note);
}

const missing = programsMissing(runner, "xorriso", "isoinfo", "7z") ??
  (Deno.uid() === 0 ? undefined : "only root gets owners and devices out of an image");

for (const seed of [1, 2, 3]) {
  Deno.test({
    ...named(`xorriso extracts a tree as it was, seed ${seed}; isoinfo and 7z list it`, missing),
    async fn() {
      using folder = tempFolder();
      const image = join(folder.path, "x.iso");
      const tree = isoTree(seed, 400);
      await writeImage(image, tree);
      const out = join(folder.path, "out");
      const options = ["-hardlinks", "on", "-osirrox", "device_files", "-indev", image];
      await run("xorriso", "-abort_on", "WARNING", ...options, "-extract", "/", out);
      const inodes = new Map<string, number>();
      for (const entry of tree.walk()) {
        const target = entry.type === "hardlink" ? tree.get(entry.target)! : entry;
        assert(target.type !== "hardlink");
        assertSame(entry, target, join(out, entry.path));
        const { ino } = Deno.lstatSync(join(out, entry.path));
        const known = inodes.get(target.path) ?? ino!;
        assertEquals(ino, known, `/${entry.path} is the file /${target.path}`);
        inodes.set(target.path, known);
      }
      const count = [...tree.walk()].length;
      const listed = await run("isoinfo", "-R", "-f", "-i", image);
      assertEquals(listed.trim().split("\n").length, count - 1);
      const packed = await run("7z", "l", "-ba", "-slt", image);
      assertEquals(packed.match(/^Path = /gm)?.length, count - 1);
    },
  });
}

Deno.test({
  ...named("a file over 4 GiB has two extents, and what lies behind 4 GiB is found", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "x.iso");
    const size = 5 * 2 ** 30;
    const tree = smallTree({ "tail": "the file behind" });
    const blob = "sha256:large" as Digest;
    const content = { kind: "span", blob, offset: 0, size, sha256: undefined } as const;
    const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
    tree.put({ ...owned, type: "file", path: "large", content });
    // A mark at each GiB; the rest is a hole.
    const reader: ContentReader = {
      open: () => ({
        size,
        readAt(offset, into) {
          into.fill(0);
          if (offset % 2 ** 30 === 0) into[0] = 1 + offset / 2 ** 30;
          return into.length;
        },
      }),
    };
    const layout = planIso(tree, OPTIONS);
    using file = fileSink(image, layout.size);
    await writeIso(layout, reader, {
      writeAt(offset, bytes) {
        // Whole pieces of the large file: a mark at their start, or nothing.
        const isHole = bytes.length === 1 << 20 && bytes[0] === 0;
        if (!isHole) file.writeAt(offset, bytes);
      },
    });
    const told = await run("xorriso", "-indev", image, "-find", "/large", "-exec", "report_lba");
    const extents = [...told.matchAll(/^File data lba: +\d+ , +(\d+) , +(\d+) , +(\d+) ,/gm)];
    assertEquals(extents.map(([, , blocks]) => Number(blocks)), [2 ** 21 - 1, 2 ** 19 + 1]);
    assertStringIncludes(told, String(size));
    const [first] = extents.map(([, sector]) => Number(sector));
    using source = Deno.openSync(image);
    for (let gib = 0; gib < 5; gib++) {
      source.seekSync(first! * 2048 + gib * 2 ** 30, Deno.SeekMode.Start);
      const byte = new Uint8Array(1);
      source.readSync(byte);
      assertEquals(byte[0], gib + 1);
    }
    const tail = join(folder.path, "tail");
    await run("xorriso", "-osirrox", "on", "-indev", image, "-extract", "/tail", tail);
    assertEquals(Deno.readTextFileSync(tail), "the file behind");
  },
});

Deno.test({
  ...named("a directory of 100,000 names that look alike is read back whole", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "x.iso");
    const name = (i: number) => `a name that begins as the others, ${i}`;
    const tree = smallTree(
      Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`many/${name(i)}`, `${i}`])),
    );
    await writeImage(image, tree);
    const listed = await run("isoinfo", "-R", "-f", "-i", image);
    const found = new Set(listed.trim().split("\n"));
    assertEquals(found.size, 100_001);
    for (let i = 0; i < 100_000; i += 997) assert(found.has(`/many/${name(i)}`), name(i));
    const plain = (await run("isoinfo", "-f", "-i", image)).trim().split("\n");
    assertEquals(new Set(plain).size, 100_001);
    const one = await run("isoinfo", "-R", "-i", image, "-x", `/many/${name(54_321)}`);
    assertEquals(one, "54321");
  },
});
