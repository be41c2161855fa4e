/**
 * Our ext4 writer beside `mke2fs -d`, in one run: deno run -A tests/bench/ext4_bench.ts
 *
 * About 15,000 files of 800 MB whose sizes are spread as in a system's root: many small ones and
 * a few large ones. Both read from the page cache and write a new sparse file.
 */
import { join } from "@std/path";
import type { ByteSource } from "../../lib/format/bytes.ts";
import { planExt4 } from "../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../lib/format/ext4/writer.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { FileTree, nameOf } from "../../lib/tree/file_tree.ts";
import { blobName, emptyTree, EPOCH, OPTIONS, sources } from "../support/ext4_image.ts";
import { fileSink, tempFolder } from "../support/file_sink.ts";
import { randomNumbers } from "../support/random_numbers.ts";

const FILES = 15_000;
const RUNS = 5;
const FREE = 64 << 20;
const BLOB = blobName("a");
const runner = denoRunner();

function fileSource(path: string): ByteSource & Disposable {
  const file = Deno.openSync(path);
  return {
    size: file.statSync().size,
    readAt(offset, into) {
      file.seekSync(offset, Deno.SeekMode.Start);
      return file.readSync(into) ?? 0;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

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
    const content: Content = { kind: "span", blob: BLOB, offset: bytes, size };
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

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function report(name: string, milliseconds: number, bytes: number): void {
  const speed = bytes / 1e6 / (milliseconds / 1000);
  print(
    `${name.padEnd(34)} ${milliseconds.toFixed(0).padStart(6)} ms  ${speed.toFixed(0)} MB/s`,
  );
}

async function main(): Promise<void> {
  using folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  const { tree, bytes } = makeTree();
  print(`${tree.size} entries, ${(bytes / 1e6).toFixed(0)} MB, median of ${RUNS} runs`);
  writeBlob(at("blob"), bytes);
  using source = fileSource(at("blob"));
  writeTreeOnDisk(tree, source, at("tree"));
  await runner.run({ argv: ["sync", "-f", folder.path] });

  const times: Record<string, number[]> = {};
  const timed = async (name: string, work: () => void | Promise<unknown>) => {
    const start = performance.now();
    await work();
    (times[name] ??= []).push(performance.now() - start);
    await runner.run({ argv: ["sync", "-f", folder.path] });
  };
  for (let i = 0; i < RUNS; i++) {
    let layout = planExt4(tree, { ...OPTIONS, freeBytes: FREE });
    await timed("plan (reads no contents)", () => {
      layout = planExt4(tree, { ...OPTIONS, freeBytes: FREE });
    });
    await timed("write", () => {
      using sink = fileSink(at("ours.img"), layout.size);
      writeExt4(layout, sources({ [BLOB]: source }), sink);
    });
    if (i === 0) await runner.run({ argv: ["e2fsck", "-fn", at("ours.img")] });
    await timed("copy of as many bytes (floor)", () => {
      using sink = fileSink(at("copy"), bytes);
      const buffer = new Uint8Array(4 << 20);
      for (let done = 0; done < bytes;) {
        const n = source.readAt(done, buffer);
        sink.writeAt(done, buffer.subarray(0, n));
        done += n;
      }
    });
    const image = at("mke2fs.img");
    using _ = fileSink(image, layout.size);
    await timed("mke2fs -d", () =>
      runner.run({
        argv: ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", at("tree"), nameOf(image)],
        cwd: folder.path,
        variables: { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" },
      }));
  }
  for (const [name, list] of Object.entries(times)) {
    report(name, list.toSorted((a, b) => a - b)[RUNS >> 1]!, bytes);
  }
  print(`memory now: ${(Deno.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
}

await main();
