import { breathing } from "../../../lib/files/interruption.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writeFile, type WrittenFile } from "../../../build/media/output_file.ts";
import type { Engine } from "../../../build/engine/engine.ts";
import { openPacker } from "../../../build/media/packing.ts";
import { disk } from "../../../build/outputs/disk.ts";
import type { OutputSink } from "../../../build/outputs/output.ts";
import type { DiskPlan } from "../../../build/outputs/disk/plan.ts";
import { TowerError } from "../../../lib/errors.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { BOOT_TREE_TOOLS, bootTree } from "../../support/format/boot_tree.ts";
import { diskPlan } from "../../support/format/disk_plan.ts";
import { DEBIAN_TOOLS } from "../../support/build/debian_files.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { testEnv } from "../../support/program/test_env.ts";
import { noCompressor } from "../../support/tree/stage_context.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
function skipped(...tools: string[]): { ignore: boolean; reason: string } {
  const missing = [...tools, ...BOOT_TREE_TOOLS, ...DEBIAN_TOOLS].filter((t) => !runner.which(t));
  const ignore = missing.length > 0;
  return { ignore, reason: ignore ? ` (skipped: ${missing.join(", ")} missing)` : "" };
}

const plan = (compression: DiskPlan["compression"], file: string): DiskPlan => ({
  ...diskPlan({ root: { free: "48MiB" } }),
  compression,
  file,
});

// A tool makes its initramfs, so two trees differ.
let tree: Promise<FileTree> | undefined;

async function write(
  folder: string,
  output: DiskPlan,
  options: { runner?: Runner; signal?: AbortSignal } = {},
) {
  using env = testEnv({ runner, ...options });
  const store = {
    open: () => {
      throw new Error("no blobs here");
    },
  };
  const engine = {
    env,
    store,
    reporter: silent,
    breathe: breathing(env.signal),
  } as unknown as Engine;
  tree ??= bootTree(runner);
  let written: WrittenFile | undefined;
  const sink: OutputSink = {
    async file(file, write) {
      written = await writeFile(file, write, { folder, engine });
    },
  };
  const { breathe } = engine;
  const whole = await tree;
  const context = {
    tree: () => whole,
    ...{ reader: store, epoch: 1_700_000_000, reporter: silent, sink, breathe },
    blockCompressor: noCompressor,
  };
  await disk.write(whole, output, context);
  return { artifact: written!.artifact, bmap: written!.bmap! };
}

/** A file full of bytes that no file system expects. */
function usedMedium(path: string, size: number): void {
  const chunk = new Uint8Array(1 << 20).fill(0xa5);
  using file = Deno.openSync(path, { write: true, create: true });
  for (let at = 0; at < size; at += chunk.length) {
    file.writeSync(chunk.subarray(0, Math.min(chunk.length, size - at)));
  }
}

/** A partition of an image as a file of its own. */
async function partition(image: string, number: number): Promise<string> {
  const table = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
  const { start, size } = table.partitions[number - 1];
  const path = `${image}.${number}`;
  await run("dd", `if=${image}`, `of=${path}`, "bs=512", `skip=${start}`, `count=${size}`);
  return path;
}

/** Copies what a block map names, and leaves all else on the medium as it was. */
function copyMapped(image: string, map: string, medium: string): void {
  using from = Deno.openSync(image);
  using to = Deno.openSync(medium, { write: true });
  for (const [, first, last] of map.matchAll(/<Range [^>]*> (\d+)(?:-(\d+))? </g)) {
    const [start, end] = [Number(first) * 4096, (Number(last ?? first) + 1) * 4096];
    from.seekSync(start, Deno.SeekMode.Start);
    to.seekSync(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length;) {
      const n = from.readSync(bytes.subarray(done));
      if (n === null) break;
      done += n;
    }
    for (let done = 0; done < bytes.length;) done += to.writeSync(bytes.subarray(done));
  }
}

const tools = ["bmaptool", "sfdisk", "e2fsck", "debugfs", "fsck.fat", "dd", "zstd", "xz", "gzip"];
const copying = skipped(...tools);
for (const [compression, file] of [["none", "a.img"], ["zstd", "a.img.zst"]] as const) {
  Deno.test({
    name: `bmaptool copies an image (${compression}) by our map and verifies it${copying.reason}`,
    ignore: copying.ignore,
    async fn() {
      using folder = tempFolder();
      await write(folder.path, plan(compression, file));
      const copy = join(folder.path, "copy");
      // It finds the map by the image's name, and checks it and each range by their sums.
      await run("bmaptool", "copy", join(folder.path, file), copy);
      await run("e2fsck", "-fn", await partition(copy, 2));
      await run("fsck.fat", "-n", await partition(copy, 1));
    },
  });
}

Deno.test({
  name:
    `an image by its map on a used medium: clean file systems, an empty journal${copying.reason}`,
  ignore: copying.ignore,
  async fn() {
    using folder = tempFolder();
    const { artifact } = await write(folder.path, plan("none", "a.img"));
    const [image, medium] = [join(folder.path, "a.img"), join(folder.path, "medium")];
    const map = Deno.readTextFileSync(join(folder.path, "a.img.bmap"));
    // Not by bmaptool: it empties a file that it copies to.
    usedMedium(medium, artifact.size);
    copyMapped(image, map, medium);
    await run("fsck.fat", "-n", await partition(medium, 1));
    const journals = [];
    for (const disk of [image, medium]) {
      const root = await partition(disk, 2);
      await run("e2fsck", "-fn", root);
      // e2fsck reads no empty journal; a recovery after a crash reads what follows its start.
      await run("debugfs", "-R", `dump <8> ${root}.journal`, root);
      journals.push(hashFile(`${root}.journal`));
    }
    assertEquals(journals[1], journals[0]);
    const [, blocks, mapped] = /<BlocksCount> (\d+) [^]*<MappedBlocksCount> (\d+) /.exec(map)!;
    assert(Number(mapped) < Number(blocks) * 0.7, `${mapped} of ${blocks} blocks are mapped`);
  },
});

Deno.test({
  name: `bmaptool refuses an image that changed after its map was written${copying.reason}`,
  ignore: copying.ignore,
  async fn() {
    using folder = tempFolder();
    await write(folder.path, plan("none", "a.img"));
    const image = join(folder.path, "a.img");
    using file = Deno.openSync(image, { write: true });
    file.seekSync((1 << 20) + 3, Deno.SeekMode.Start);
    file.writeSync(Uint8Array.of(1));
    const medium = join(folder.path, "medium");
    await assertRejects(() => run("bmaptool", "copy", image, medium), TowerError, "checksum");
  },
});

Deno.test({
  name: `a compressed image holds the bytes of the plain one, the same every time${copying.reason}`,
  ignore: copying.ignore,
  async fn() {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    const plain = await write(folder.path, plan("none", "plain.img"));
    assertEquals(hashFile(at("plain.img")), plain.artifact.digest);
    const unpack = { gzip: ["gz", "gzip"], zstd: ["zst", "zstd"], xz: ["xz", "xz"] } as const;
    for (const [format, [suffix, tool]] of Object.entries(unpack)) {
      const output = plan(format as keyof typeof unpack, `p.img.${suffix}`);
      const { artifact } = await write(folder.path, output);
      const { digest, size } = plain.artifact;
      assertEquals(artifact.raw, { digest, size });
      assertEquals(artifact.digest, hashFile(at(`p.img.${suffix}`)));
      assertStringIncludes(
        artifact.compression!.tool,
        { gzip: "fflate ", zstd: "zstd 1.5.", xz: "xz " }[format]!,
      );
      assertEquals((await write(folder.path, output)).artifact, artifact);
      assertEquals(
        Deno.readTextFileSync(at("p.img.bmap")),
        Deno.readTextFileSync(at("plain.img.bmap")),
      );
      await run(tool, "-dfk", at(`p.img.${suffix}`));
      assertEquals(hashFile(at("p.img")), digest, format);
      Deno.removeSync(at("p.img"));
    }
    const left = [...Deno.readDirSync(folder.path)].map((e) => e.name).sort();
    assertEquals(left, [
      "p.img.bmap",
      "p.img.gz",
      "p.img.xz",
      "p.img.zst",
      "plain.img",
      "plain.img.bmap",
    ]);
  },
});

/** Fails as a program does that dies while it reads. */
function brokenXz(folder: string): Runner {
  const program = join(folder, "xz");
  Deno.writeTextFileSync(
    program,
    '#!/bin/sh\n[ "$1" = --version ] && { echo "xz (XZ Utils) 5.4.1"; exit; }\n' +
      "head -c 100000 >/dev/null; echo no memory left >&2; exit 3\n",
    { mode: 0o755 },
  );
  const named = (argv: readonly [string, ...string[]]): [string, ...string[]] => [
    argv[0] === "xz" ? program : argv[0],
    ...argv.slice(1),
  ];
  return {
    which: () => program,
    run: (command, options) => runner.run({ ...command, argv: named(command.argv) }, options),
    spawn: (command, options) => runner.spawn({ ...command, argv: named(command.argv) }, options),
  };
}

const failing = skipped();
Deno.test({
  name: `an xz that dies or is missing ends in one message and leaves nothing${failing.reason}`,
  ignore: failing.ignore,
  async fn() {
    using folder = tempFolder();
    using programs = tempFolder();
    const output = plan("xz", "a.img.xz");
    const broken = brokenXz(programs.path);
    await assertRejects(
      () => write(folder.path, output, { runner: broken }),
      TowerError,
      'Cannot compress with "xz": no memory left',
    );
    const none: Runner = { ...runner, which: () => undefined };
    await assertRejects(
      () => write(folder.path, output, { runner: none }),
      TowerError,
      "the program is missing",
    );
    const interrupted = AbortSignal.abort(new TowerError("interrupted", "stopped"));
    await assertRejects(
      () => write(folder.path, plan("zstd", "a.img.zst"), { signal: interrupted }),
      TowerError,
      "stopped",
    );
    const stop = new AbortController();
    const stopping: Runner = {
      ...broken,
      spawn(command, options) {
        stop.abort(new TowerError("interrupted", "stopped while xz ran"));
        return broken.spawn(command, options);
      },
    };
    await assertRejects(
      () => write(folder.path, output, { runner: stopping, signal: stop.signal }),
      TowerError,
      "stopped while xz ran",
    );
    assertEquals([...Deno.readDirSync(folder.path)], []);
  },
});

const packing = skipped("xz");
Deno.test({
  name: `a disk that fills up while xz runs is told as such${packing.reason}`,
  ignore: packing.ignore,
  async fn() {
    const full = () => {
      throw new TowerError("no-space", "Cannot write: the disk is full");
    };
    await using packer = await openPacker("xz", full, { runner, jobs: 1 });
    // Noise (xorshift, seed 1), or xz has nothing to write.
    const noise = new Uint32Array(1 << 18);
    let state = 1;
    await assertRejects(
      async () => {
        for (let i = 0; i < 40; i++) {
          for (let at = 0; at < noise.length; at++) {
            state ^= state << 13;
            state ^= state >>> 17;
            state ^= state << 5;
            noise[at] = state;
          }
          await packer.push(new Uint8Array(noise.buffer));
        }
        await packer.end();
      },
      TowerError,
      "the disk is full",
    );
  },
});
