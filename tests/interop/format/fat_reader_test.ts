import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { atOnce } from "../../../lib/breathe.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { readFat } from "../../../lib/format/fat/reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { bytesOf, sourceOf } from "../../../lib/tree/content.ts";
import { readExactly } from "../../../lib/bytes/bytes.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "mkfs.fat", "mcopy", "mdel", "fsck.fat");

async function run(...argv: [string, ...string[]]): Promise<void> {
  await runner.run({ argv, variables: { TZ: "UTC", LC_ALL: "C.UTF-8", MTOOLS_SKIP_CHECK: "1" } });
}

/** Files and folders with names of each way that FAT writes one. */
const NAMES = [
  ...["UPPER.TXT", "lower.txt", "Mixed.Txt", "base.LOW", "EXT.low", "NOEXT", "none"],
  ...[
    "a name that is long",
    `${"long-".repeat(50)}end`,
    "Grüße, 世界",
    "two.dots.tar.gz",
    ".hidden",
  ],
  ...["é.txt", "thirteen-unit", "x".repeat(26), "plus+and[more]"],
];

function fill(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const write = (path: string, size: number) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 + (i >> 8) + size);
    Deno.writeFileSync(join(folder, path), bytes);
    Deno.utimeSync(join(folder, path), 1_600_000_000, 1_600_000_000);
    files.set(path, bytes);
  };
  NAMES.forEach((name, i) => write(name, i * 977));
  Deno.mkdirSync(join(folder, "folder/Deeper One"), { recursive: true });
  write("folder/Deeper One/file", 70_000);
  write("empty", 0);
  Deno.mkdirSync(join(folder, "many"));
  for (let i = 0; i < 300; i++) write(`many/File number ${i}`, i % 3);
  return files;
}

const KINDS = {
  "FAT12": { options: ["-F", "12"], size: "4M" },
  "FAT12 with one table": { options: ["-F", "12", "-f", "1"], size: "4M" },
  "FAT16": { options: ["-F", "16"], size: "32M" },
  "FAT16 in sectors of 2048": { options: ["-F", "16", "-S", "2048"], size: "64M" },
  "FAT32": { options: ["-F", "32"], size: "64M" },
} as const;

Deno.test({
  ...named("volumes of mkfs.fat, filled by mtools, are read as their folder is", missing),
  async fn(t) {
    using folder = tempFolder();
    const from = join(folder.path, "from");
    Deno.mkdirSync(from);
    const files = fill(from);
    for (const [kind, { options, size }] of Object.entries(KINDS)) {
      await t.step(kind, async () => {
        const image = join(folder.path, "fat.img");
        Deno.writeFileSync(image, new Uint8Array());
        Deno.truncateSync(image, parseInt(size) << 20);
        await run("mkfs.fat", ...options, "-n", "OTHER", "-i", "12345678", image);
        // What was removed leaves slots and clusters, so that a later file lies in pieces.
        for (let i = 0; i < 20; i++) {
          await run("mcopy", "-i", image, join(from, "folder/Deeper One/file"), `::gone ${i}`);
        }
        for (let i = 0; i < 20; i += 2) await run("mdel", "-i", image, `::gone ${i}`);
        const entries = [...Deno.readDirSync(from)].map(({ name }) => join(from, name));
        await run("mcopy", "-s", "-m", "-i", image, ...entries, "::");
        for (let i = 1; i < 20; i += 2) await run("mdel", "-i", image, `::gone ${i}`);
        await run("fsck.fat", "-n", image);
        using source = openDisk(image, "read");
        const { label, tree, contents } = atOnce(readFat(source, IMAGE_NAME));
        assertEquals(label, "OTHER");
        const read = new Map<string, Uint8Array>();
        for (const entry of tree.walk()) {
          if (entry.type !== "file") continue;
          assertEquals(entry.mtime, 1_600_000_000, entry.path);
          read.set(entry.path, bytesOf(contents, entry.content));
        }
        assertEquals([...read.keys()].sort(), [...files.keys()].sort());
        for (const [path, bytes] of files) {
          assertEquals(digestOf(read.get(path)!), digestOf(bytes), path);
        }
        assert(tree.get("folder/Deeper One")?.type === "directory");
        // At any offset as well as from the first byte on.
        const file = tree.file("folder/Deeper One/file")!;
        const part = readExactly(sourceOf(contents, file.content), 33_333, 20_000);
        assertEquals(part, files.get("folder/Deeper One/file")!.slice(33_333, 53_333));
        Deno.removeSync(image);
      });
    }
  },
});
