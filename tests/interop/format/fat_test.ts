import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { planFat } from "../../../lib/format/fat/layout.ts";
import type { FatOptions } from "../../../lib/format/fat/layout.ts";
import { writeFat } from "../../../lib/format/fat/writer.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { type RandomNumbers, randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const missing = ["fsck.fat", "mcopy", "mdir"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";

const META = { mode: 0o755, uid: 0, gid: 0, origin: "stage:test" } as const;
const reader = {
  open: () => {
    throw new Error("no blobs here");
  },
};
const OPTIONS: FatOptions = {
  label: "TOWER BOOT",
  volumeId: 0xc0ffee42,
  epoch: 1_700_000_000,
  freeBytes: 100_000,
  minimumType: "fat12",
  hiddenSectors: 2048,
  systemFiles: new Set(),
};

const run = async (...argv: [string, ...string[]]) => {
  const variables = { TZ: "UTC", MTOOLS_SKIP_CHECK: "0" };
  const { stdout } = await runner.run({ argv, variables });
  return new TextDecoder().decode(stdout);
};

const LETTERS = [..."abcXYZ019-_ .+,;=[]'{}#é日Ωß"];

function randomName(random: RandomNumbers): string {
  const length = 1 + random.below(random.pick([3, 8, 12, 40, 200]));
  let name = "";
  while (name.length < length) name += random.pick(LETTERS);
  return name.trim().replace(/^\.+/, "_").replace(/[. ]+$/, "_") || "_";
}

function randomTree(random: RandomNumbers): FileTree {
  const tree = new FileTree({ ...META, mtime: 1_600_000_000 });
  const directories = [""];
  const used = new Set<string>();
  for (let i = 0, n = random.below(300); i < n; i++) {
    const parent = random.pick(directories);
    const path = (parent === "" ? "" : `${parent}/`) + randomName(random);
    if (path.length > 1000 || used.has(path.toUpperCase())) continue;
    used.add(path.toUpperCase());
    const entry = { ...META, path, mtime: 400_000_000 + 2 * random.below(1_000_000_000) };
    if (random.below(5) === 0) {
      tree.put({ ...entry, type: "directory" });
      directories.push(path);
    } else {
      const bytes = new Uint8Array(random.below(random.pick([1, 600, 5000, 100_000])));
      bytes.forEach((_, at) => bytes[at] = random.below(256));
      tree.put({ ...entry, type: "file", content: { kind: "inline", bytes } });
    }
  }
  return tree;
}

async function checkVolume(tree: FileTree, options: FatOptions, note: string): Promise<string> {
  using folder = tempFolder();
  const image = join(folder.path, "fat.img");
  const layout = planFat(tree, options);
  using sink = fileSink(image, layout.size);
  await writeFat(layout, reader, sink);
  const report = await run("fsck.fat", "-n", "-v", image).catch((error) => {
    throw new Error(`${note}: fsck.fat refuses the volume`, { cause: error });
  });
  const out = join(folder.path, "out");
  Deno.mkdirSync(out);
  if (tree.size > 1) await run("mcopy", "-s", "-m", "-Q", "-i", image, "::*", out);
  const found = new Set(walk(out, ""));
  for (const entry of tree.walk()) {
    if (entry.path === "") continue;
    assertEquals(found.delete(entry.path), true, `${note}: ${entry.path} is missing`);
    if (entry.type !== "file") continue;
    const path = join(out, entry.path);
    assertEquals(Deno.readFileSync(path), bytesOf(reader, entry.content), `${note}: ${entry.path}`);
    assertEquals(Deno.statSync(path).mtime!.getTime() / 1000, entry.mtime, `${note}: ${path}`);
  }
  assertEquals([...found], [], `${note}: files that the tree does not have`);
  return report;
}

function* walk(root: string, prefix: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(root, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    yield path;
    if (entry.isDirectory) yield* walk(root, path);
  }
}

for (const minimumType of ["fat12", "fat16", "fat32"] as const) {
  Deno.test({
    name: `fsck.fat finds nothing and mtools reads back random trees of ${minimumType}${reason}`,
    ignore: skip,
    async fn() {
      for (let seed = 1; seed <= 8; seed++) {
        const tree = randomTree(randomNumbers(seed));
        await checkVolume(tree, { ...OPTIONS, minimumType }, `seed ${seed}`);
      }
    },
  });
}

Deno.test({
  name: `fsck.fat and mtools agree on sizes, labels and the serial number${reason}`,
  ignore: skip,
  async fn() {
    const empty = new FileTree({ ...META, mtime: 0 });
    for (const [mib, bits] of [[1, 12], [4, 16], [40, 16], [300, 16], [600, 32]] as const) {
      const size = mib << 20;
      using folder = tempFolder();
      const image = join(folder.path, "fat.img");
      const layout = planFat(empty, { ...OPTIONS, size });
      using sink = fileSink(image, size);
      await writeFat(layout, reader, sink);
      const report = await run("fsck.fat", "-n", "-v", image);
      assertStringIncludes(report, `${bits} bit entries`);
      assertStringIncludes(report, "2048 hidden sectors");
      const listing = await run("mdir", "-i", image, "::");
      assertStringIncludes(listing, "Volume in drive : is TOWER BOOT");
      assertStringIncludes(listing, "Volume Serial Number is C0FF-EE42");
    }
  },
});

Deno.test({
  name: `a root and a directory of thousands of long names are read back${reason}`,
  ignore: skip,
  async fn() {
    const tree = new FileTree({ ...META, mtime: 1_600_000_000 });
    tree.put({ ...META, type: "directory", path: "dir", mtime: 1_600_000_000 });
    for (let i = 0; i < 3000; i++) {
      const content = { kind: "inline", bytes: new TextEncoder().encode(String(i)) } as const;
      const path = `${i % 3 ? "dir/" : ""}a module with a long name ${i}.ko.zst`;
      tree.put({ ...META, type: "file", path, mtime: 1_600_000_000, content });
    }
    for (const minimumType of ["fat16", "fat32"] as const) {
      await checkVolume(tree, { ...OPTIONS, minimumType }, minimumType);
    }
  },
});
