import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { atOnce } from "../../../lib/breathe.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { readExt4 } from "../../../lib/format/ext4/reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { makeImage, sources } from "../../support/format/ext4_image.ts";
import { assertClean } from "../../support/format/ext4_judge.ts";
import { run } from "../../support/program/run_tool.ts";
import { randomTree } from "../../support/format/ext4_trees.ts";
import { folderLines, treeLines } from "../../support/format/squashfs_judge.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const missing = programsMissing(
  denoRunner(),
  ...["mke2fs", "e2fsck", "debugfs", "setfattr", "getfattr", "setfacl", "find"],
);

/** Lines of an image's tree without what every new file system has. */
function linesOf(image: string): string[] {
  using source = openDisk(image, "read");
  const { tree, contents } = atOnce(readExt4(source, IMAGE_NAME));
  assertEquals(tree.get("lost+found")?.type, "directory");
  tree.remove("lost+found");
  return treeLines(tree, contents);
}

Deno.test({
  ...named("ext4: what Tower writes is read back, every field of it", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "fs.img");
    for (let seed = 1; seed <= 8; seed++) {
      const tree = randomTree(seed, 300);
      await makeImage(image, tree, { freeBytes: seed % 3 === 0 ? 30 << 20 : 0 });
      // The kernel's form of an ACL has no ids where nobody is named; the tree's has zeros.
      const lines = (all: string[]) => all.map((line) => line.replaceAll("ffffffff", "00000000"));
      assertEquals(lines(linesOf(image)), lines(treeLines(tree, sources({}))), `seed ${seed}`);
    }
  },
});

/** A folder of what needs each way of finding blocks, names and attributes. */
async function fill(folder: string): Promise<void> {
  const write = (name: string, bytes: Uint8Array) => Deno.writeFileSync(join(folder, name), bytes);
  write("empty", new Uint8Array());
  write("tiny", new Uint8Array(40).fill(1));
  write("small", new Uint8Array(100).fill(2));
  write("blocks", Uint8Array.from({ length: 1_500_000 }, (_, i) => i >> 9));
  // Of many extents, and far enough for three levels of blocks of block numbers.
  using holes = Deno.openSync(join(folder, "holes"), { write: true, createNew: true });
  for (const at of [...Array.from({ length: 3000 }, (_, i) => 8192 * i), 70 << 20]) {
    holes.seekSync(at, Deno.SeekMode.Start);
    holes.writeSync(Uint8Array.of(1 + at % 251));
  }
  Deno.mkdirSync(join(folder, "many"));
  for (let i = 0; i < 1200; i++) write(`many/a name of some length, number ${i}`, new Uint8Array());
  Deno.mkdirSync(join(folder, "few"));
  write("few/in here", new Uint8Array(3));
  Deno.linkSync(join(folder, "blocks"), join(folder, "few/again"));
  Deno.symlinkSync("tiny", join(folder, "link"));
  Deno.symlinkSync("far/".repeat(100), join(folder, "long link"));
  write("Grüße, 世界", new Uint8Array(5));
  await run("mkfifo", join(folder, "pipe"));
  await run("setfattr", "-n", "user.note", "-v", "short", join(folder, "tiny"));
  await run("setfattr", "-n", "user.long", "-v", "x".repeat(700), join(folder, "small"));
  await run("setfacl", "-m", "u:1000:r,g:50:rw", join(folder, "small"));
  Deno.chmodSync(join(folder, "tiny"), 0o4750);
  Deno.chownSync(join(folder, "small"), 70_000, 80_000);
  for (const path of ["empty", "many", "few", "pipe"]) Deno.utimeSync(join(folder, path), 1e9, 1e9);
}

const KINDS = {
  "ext2 in blocks of 1 KiB": ["-t", "ext2", "-b", "1024"],
  "ext3": ["-t", "ext3"],
  "ext4": ["-t", "ext4"],
  "ext4 in blocks of 1 KiB without 64bit": ["-t", "ext4", "-b", "1024", "-O", "^64bit"],
  "ext4 without checksums": ["-t", "ext4", "-O", "^metadata_csum,^extent,^64bit"],
  "ext4 with contents in inodes": ["-t", "ext4", "-O", "inline_data", "-I", "512"],
  "ext4 with groups of groups": ["-t", "ext4", "-O", "meta_bg,^resize_inode"],
  "ext4 with clusters": ["-t", "ext4", "-O", "bigalloc", "-C", "16384"],
  "ext4 in blocks of 64 KiB": ["-t", "ext4", "-b", "65536", "-N", "4000"],
  "ext4 with seeds of checksums, casefold": ["-t", "ext4", "-O", "metadata_csum_seed,casefold"],
} as const;

Deno.test({
  ...named("ext2, ext3, ext4 of mke2fs are read as their folder is", missing),
  async fn(t) {
    using folder = tempFolder();
    const from = join(folder.path, "from");
    Deno.mkdirSync(from);
    await fill(from);
    const expected = (await folderLines(from)).filter((line) => !line.startsWith("\t"));
    for (const [kind, options] of Object.entries(KINDS)) {
      await t.step(kind, async () => {
        const image = join(folder.path, "fs.img");
        await run("mke2fs", "-q", "-F", ...options, "-d", from, image, "160M");
        // Directories that are read by their hashes.
        await run("e2fsck", "-fyD", image).catch(() => {});
        await assertClean(image);
        // The root's time is that of the folder lost+found.
        assertEquals(linesOf(image).filter((line) => !line.startsWith("\t")), expected);
        Deno.removeSync(image);
      });
    }
    assert(expected.length > 1200);
  },
});
