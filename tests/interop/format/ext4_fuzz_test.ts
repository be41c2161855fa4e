import { join } from "@std/path";
import { atOnce } from "../../../lib/breathe.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import { readExt4 } from "../../../lib/format/ext4/reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { run } from "../../support/program/run_tool.ts";
import { FUZZ_CASES, fuzzImage, readTree } from "../../support/format/image_fuzz.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const missing = programsMissing(denoRunner(), "mke2fs", "setfattr", "debugfs");

/** Without checksums changes come through to what they are in. */
const KINDS = {
  "ext4": { options: ["-t", "ext4", "-O", "^metadata_csum,^has_journal"], share: 0.4 },
  "ext2": { options: ["-t", "ext2"], share: 0.3 },
  "ext4 with contents in inodes": {
    options: ["-t", "ext4", "-O", "inline_data,^metadata_csum,^has_journal"],
    share: 0.2,
  },
  "ext4 with checksums": { options: ["-t", "ext4", "-O", "^has_journal"], share: 0.1 },
} as const;

/** A small file system with every kind of entry. */
async function sampleImage(folder: string, options: readonly string[]): Promise<Uint8Array> {
  const [from, image] = [join(folder, "from"), join(folder, "fs.img")];
  Deno.mkdirSync(join(from, "d/e"), { recursive: true });
  Deno.writeFileSync(join(from, "d/blocks"), new Uint8Array(30_000).fill(1));
  using holes = Deno.openSync(join(from, "d/holes"), { write: true, createNew: true });
  for (const at of [0, 8192, 16384, 24576, 40960, 300_000]) {
    holes.seekSync(at, Deno.SeekMode.Start);
    holes.writeSync(Uint8Array.of(1));
  }
  for (let i = 0; i < 6; i++) Deno.writeTextFileSync(join(from, `d/e/f${i}`), `text ${i}`);
  Deno.linkSync(join(from, "d/blocks"), join(from, "again"));
  Deno.symlinkSync("d/e/f1", join(from, "link"));
  Deno.symlinkSync("d/".repeat(100), join(from, "long"));
  await run("mkfifo", join(from, "pipe"));
  await run("setfattr", "-n", "user.a", "-v", "value", join(from, "d"));
  await run("setfattr", "-n", "user.b", "-v", "v".repeat(300), join(from, "d/e/f1"));
  await run(
    "mke2fs",
    "-q",
    "-b",
    "1024",
    "-I",
    "256",
    "-N",
    "32",
    ...options,
    "-d",
    from,
    image,
    "256K",
  );
  await run("debugfs", "-w", "-R", "mknod null c 1 3", image);
  return Deno.readFileSync(image);
}

function readAll(image: Uint8Array): void {
  const { tree, contents } = atOnce(readExt4(memorySource(image), IMAGE_NAME));
  readTree(tree, contents);
}

for (const [kind, { options, share }] of Object.entries(KINDS)) {
  const cases = Math.round(FUZZ_CASES * share);
  Deno.test({
    ...named(`${kind}: ${cases} changed file systems are read or refused`, missing),
    async fn() {
      using folder = tempFolder();
      const image = await sampleImage(folder.path, options);
      // Most of it is bitmaps, names, times and contents, which may be others.
      await fuzzImage(image, readAll, { cases, head: [1024, 1400], leastRefused: 0.15 });
    },
  });
}
