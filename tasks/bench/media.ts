import { fromFileUrl, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { fileState, listDir, tempDir } from "../../lib/files/files.ts";
import { lab } from "../lab/table.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import type { Row, Sample, Section } from "./report.ts";

const OURS = fromFileUrl(new URL("../../tests/bench/squashfs_folder.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const TITLE = "A folder of kernel modules to squashfs, zstd, two processors for each";
const LEVELS = [3, 9, 15] as const;
const PACKAGE = /^linux-lts-.*\.apk$/;

const peer = (level: number) => `mksquashfs -comp zstd, level ${level}`;
const ours = (level: number) => `tower-build's writer, level ${level}`;

/** Formats of media beside the programs that make them now. */
export async function mediaSection(env: Env, runs: number): Promise<Section> {
  const folder = join(env.cacheDir, lab.folder, "x86_64");
  const name = listDir(folder).find((name) => PACKAGE.test(name));
  const missing = ["mksquashfs", "tar", "taskset"].filter((tool) => !env.runner.which(tool));
  if (name === undefined || missing.length > 0) {
    const reason = name === undefined
      ? "no lab repository is here (deno task lab)"
      : missing.join();
    return { title: TITLE, notes: [`not measured: ${reason}`], rows: [] };
  }
  using temporary = tempDir();
  const at = (name: string) => join(temporary.path, name);
  const meter = createMeter(env.runner, temporary.path);
  // Members of gzip one after the other, the first of which holds a signature.
  await env.runner.run({
    argv: ["tar", "-xzf", join(folder, name), "-C", temporary.path, "lib/modules"],
  });
  const modules = at("lib/modules");
  const samples: Record<string, Sample[]> = {};
  const sizes: Record<string, number> = {};
  const measure = async (row: string, image: string, argv: readonly string[]) => {
    await meter.settle();
    const { sample } = await meter.measure({
      argv: ["taskset", "-c", "0,1", ...argv],
      variables: { DENO_DIR: denoFolder(env) },
    });
    (samples[row] ??= []).push(sample);
    sizes[row] = fileState(image)!.size;
  };
  for (let run = 0; run < runs; run++) {
    for (const level of LEVELS) {
      const [theirs, own] = [at(`theirs-${level}-${run}`), at(`ours-${level}-${run}`)];
      await measure(peer(level), theirs, [
        ...["mksquashfs", modules, theirs, "-comp", "zstd", "-Xcompression-level", `${level}`],
        ...["-processors", "2", "-all-root", "-no-progress", "-quiet"],
      ]);
      const options = ["run", "--allow-all", "--config", CONFIG, OURS];
      await measure(ours(level), own, [
        ...[Deno.execPath(), ...options, modules, own, `${level}`, "2"],
      ]);
    }
  }
  const rows = LEVELS.flatMap((level): Row[] => [
    { name: peer(level), samples: samples[peer(level)]! },
    { name: ours(level), samples: samples[ours(level)]!, peer: peer(level) },
  ]);
  const megabytes = (row: string) => (sizes[row]! / 1e6).toFixed(2);
  const notes = [
    `the modules of ${name}, as files in the page cache; ${runs} runs in turn`,
    ...LEVELS.map((level) =>
      `level ${level}: ${megabytes(peer(level))} MB and ${megabytes(ours(level))} MB, ` +
      `${(sizes[ours(level)]! / sizes[peer(level)]!).toFixed(3)}x`
    ),
    ...meter.missing,
  ];
  return { title: TITLE, notes, rows };
}
