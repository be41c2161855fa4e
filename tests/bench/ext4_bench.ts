/**
 * Our ext4 writer beside `mke2fs -d`, in one run: deno task bench ext4
 *
 * About 15,000 files of 800 MB whose sizes are spread as in a system's root: many small ones and
 * a few large ones. Both read from the page cache and write a new sparse file.
 */
import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import type { ByteSource } from "../../lib/bytes/bytes.ts";
import { planExt4 } from "../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../lib/format/ext4/writer.ts";
import type { Content } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Sample, Section } from "../../tasks/bench/report.ts";
import { blobName, emptyTree, EPOCH, OPTIONS, sources } from "../support/format/ext4_image.ts";
import { fileSink, fileSource, tempFolder } from "../support/program/file_sink.ts";
import { randomNumbers } from "../support/program/random_numbers.ts";

const FILES = 15_000;
const FREE = 64 << 20;
const BLOB = blobName("a");
const PEER = "mke2fs -d";
const PLAN = "plan (reads no contents)";
const WRITE = "write";
const COPY = "copy of as many bytes (floor)";

/** The tree, with contents one after another in one blob of the size that is returned. */
function makeTree(): { tree: FileTree; bytes: number } {
  const random = randomNumbers(42);
  const tree = emptyTree();
  const common = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:bench" } as const;
  let bytes = 0;
  for (let i = 0; i < FILES; i++) {
    const directory = `usr/d${i % 40}/e${i % 400}`;
    tree.putParents(`${directory}/x`, "stage:bench", EPOCH);
    // Exponents spread evenly: as many files below 10 KiB as above, and a mean of 53 KiB.
    const size = Math.floor(2 ** (8 + random.below(10_600) / 1000) + random.below(200));
    const content: Content = { kind: "span", blob: BLOB, offset: bytes, size, sha256: undefined };
    tree.put({ ...common, type: "file", path: `${directory}/file-${i}`, mode: 0o644, content });
    bytes += size;
  }
  return { tree, bytes };
}

function writeBlob(path: string, size: number): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const random = randomNumbers(7);
  const chunk = Uint8Array.from({ length: 1 << 20 }, () => random.below(256));
  for (let done = 0; done < size; done += chunk.length) {
    chunk[0] = done >>> 20;
    file.writeSync(chunk.subarray(0, Math.min(chunk.length, size - done)));
  }
}

function writeTreeOnDisk(tree: FileTree, source: ByteSource, root: string): void {
  for (const entry of tree.walk()) {
    const path = join(root, entry.path);
    if (entry.type === "directory") Deno.mkdirSync(path, { recursive: true });
    if (entry.type !== "file" || entry.content.kind !== "span") continue;
    const bytes = new Uint8Array(entry.content.size);
    source.readAt(entry.content.offset, bytes);
    Deno.writeFileSync(path, bytes);
  }
}

/** Writing a tree of {@linkcode FILES} files in turn by ours, by mke2fs, and as a plain copy. */
export async function ext4Section(env: Env, runs: number): Promise<Section> {
  const { runner } = env;
  using folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  const { tree, bytes } = makeTree();
  writeBlob(at("blob"), bytes);
  using source = fileSource(at("blob"));
  const hasPeer = runner.which("mke2fs") !== undefined;
  if (hasPeer) writeTreeOnDisk(tree, source, at("tree"));
  await runner.run({ argv: ["sync", "-f", folder.path] });

  const samples: Record<string, Sample[]> = hasPeer ? { [PEER]: [] } : {};
  const timed = async (name: string, work: () => void | Promise<unknown>) => {
    const start = performance.now();
    await work();
    (samples[name] ??= []).push({ wall: (performance.now() - start) / 1000 });
    await runner.run({ argv: ["sync", "-f", folder.path] });
  };
  for (let i = 0; i < runs; i++) {
    let layout = planExt4(tree, { ...OPTIONS, freeBytes: FREE });
    await timed(PLAN, () => {
      layout = planExt4(tree, { ...OPTIONS, freeBytes: FREE });
    });
    await timed(WRITE, async () => {
      using sink = fileSink(at("ours.img"), layout.size);
      await writeExt4(layout, sources({ [BLOB]: source }), sink);
    });
    await timed(COPY, () => copy(source, at("copy")));
    if (!hasPeer) continue;
    if (i === 0) await runner.run({ argv: ["e2fsck", "-fn", at("ours.img")] });
    const image = at("mke2fs.img");
    using _ = fileSink(image, layout.size);
    await timed(
      PEER,
      () =>
        runner.run({ argv: ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", at("tree"), image] }),
    );
  }
  return {
    title: "Writing an ext4 file system",
    notes: [
      `${tree.size} entries, ${(bytes / 1e6).toFixed(0)} MB; ${runs} runs in turn, their medians`,
      `memory of this process at the end: ${(Deno.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
      ...hasPeer ? [] : [`not measured: ${PEER}: mke2fs is not here`],
    ],
    rows: Object.entries(samples).map(([name, list]) => ({
      name,
      samples: list,
      ...hasPeer && name !== PEER && { peer: PEER },
    })),
  };
}

/** The least that writing as many bytes costs. */
function copy(source: ByteSource, path: string): void {
  using sink = fileSink(path, source.size);
  const buffer = new Uint8Array(4 << 20);
  for (let done = 0; done < source.size;) {
    const n = source.readAt(done, buffer);
    sink.writeAt(done, buffer.subarray(0, n));
    done += n;
  }
}
