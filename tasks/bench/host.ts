import { fromFileUrl, join } from "@std/path";
import { labFolder } from "../../build/inputs/trusted_keys.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import type { Env } from "../../lib/env.ts";
import { removeTree, tempDir } from "../../lib/files/files.ts";
import type { Oracle } from "../../tests/support/apk/alpine_oracle.ts";
import { hostMissing } from "../../tests/support/build/host_system.ts";
import { findApk, installByApk } from "./apk.ts";
import { denoFolder } from "./image.ts";
import { createMeter, type Meter } from "./measure.ts";
import { inSequence, type Row, type Sample, type Section } from "./report.ts";
import { V8_FLAGS } from "../compile/start.ts";

const MAIN = fromFileUrl(new URL("../../build/main.ts", import.meta.url));
const TITLE = "The image of a host";
const PEER = "apk, mke2fs, mkfs.fat, mcopy, sfdisk, bmaptool, zstd, sha256sum";
const COLD = "tower-build build host, empty store";
const WARM = "  packages in the store";
const SAME = "  nothing changed";
const PROGRAMS = ["mke2fs", "mkfs.fat", "mcopy", "sfdisk", "bmaptool", "zstd", "sha256sum", "dd"];
/** MiB of the boot partition, as the host's has. */
const BOOT = 64;

/** `tower-build build host` beside the tools that make such a card one after the other. */
export async function hostSection(env: Env, runs: number): Promise<Section> {
  const missing = hostMissing();
  if (missing !== undefined) {
    return { title: TITLE, notes: [`not measured: ${missing}`], rows: [] };
  }
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const cache = join(folder.path, "cache");
  const output = join(folder.path, "output");
  const lab = labFolder(env);
  const keys = join(lab, "keys-public");
  const build = async () => {
    await meter.settle();
    const { sample, result } = await meter.measure({
      argv: [
        ...[Deno.execPath(), "run", V8_FLAGS, "--allow-all", MAIN, "build", "host", "--json"],
        ...["--arch", "x86_64", "--repository", lab, "--keys", keys, "--output", output],
      ] as unknown as [string, ...string[]],
      variables: { XDG_CACHE_HOME: cache, DENO_DIR: denoFolder(env) },
    });
    const record: BuildRecord = JSON.parse(new TextDecoder().decode(result.stdout));
    return { sample, record };
  };
  const { record } = await build(); // compiles the program
  const without = PROGRAMS.filter((program) => !env.runner.which(program));
  const found = without.length > 0 ? { skip: `${without.join(", ")} missing` } : await findApk(env);
  await using oracle = "skip" in found ? undefined : found;
  const samples: Record<string, Sample[]> = { [PEER]: [], [COLD]: [], [WARM]: [], [SAME]: [] };
  for (let i = 0; i < runs; i++) {
    removeTree(cache);
    removeTree(output);
    samples[COLD]!.push((await build()).sample);
    removeTree(output);
    samples[WARM]!.push((await build()).sample);
    samples[SAME]!.push((await build()).sample);
    if (oracle) {
      await meter.settle();
      const names = record.packages.map((p) => p.name);
      samples[PEER]!.push(
        await byTools(oracle, meter, folder.path, { repository: lab, keys, names }),
      );
    }
  }
  const rows = Object.entries(samples).filter(([, list]) => list.length > 0)
    .map(([name, list]): Row => ({ name, samples: list, ...name === PEER ? {} : { peer: PEER } }));
  const notes = [
    `${record.packages.length} packages of the lab repository, zstd 3; ${runs} runs in turn`,
    ...meter.missing,
    ...("skip" in found ? [`not measured: ${PEER}: ${found.skip}`] : [
      "the tools: one after the other, no scripts, no initramfs, no boot loader, nothing flushed",
      "tower-build: initramfs, boot loaders, listing and record too, digest of the plain image as well",
    ]),
  ];
  return { title: TITLE, notes, rows };
}

/** A disk of the host's shape, its block map, compressed, and its digest. */
async function byTools(
  oracle: Oracle,
  meter: Meter,
  folder: string,
  packages: { readonly repository: string; readonly keys: string; readonly names: string[] },
): Promise<Sample> {
  const at = (name: string) => join(folder, name);
  const [root, rootImage, boot, disk] = ["root", "root.img", "boot.img", "disk.img"].map(at);
  for (const path of [rootImage!, boot!, disk!, `${disk}.zst`, `${disk}.bmap`]) removeTree(path);
  const samples = [await installByApk(oracle, meter, { ...packages, root: root! })];
  const run = async (...argv: [string, ...string[]]) => {
    samples.push((await meter.measure({ argv })).sample);
  };
  const table = new TextEncoder().encode(
    `label: dos\nstart=2048, size=${BOOT * 2048}, type=c, bootable\ntype=83\n`,
  );
  const size = await rootMiB(meter, root!);
  await run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", root!, rootImage!, `${size}M`);
  await run("mkfs.fat", "-F", "32", "-C", boot!, String(BOOT * 1024));
  const kernels = [...Deno.readDirSync(join(root!, "boot"))].map((e) =>
    join(root!, "boot", e.name)
  );
  await run("mcopy", "-i", boot!, "-s", ...kernels, "::");
  Deno.writeFileSync(disk!, new Uint8Array());
  Deno.truncateSync(disk!, (1 + BOOT + size) * 2 ** 20);
  const partition = await meter.measure({ argv: ["sfdisk", "--quiet", disk!], stdin: table });
  samples.push(partition.sample);
  const dd = ["conv=notrunc,sparse", "bs=1M", "status=none"];
  await run("dd", `if=${boot}`, `of=${disk}`, "seek=1", ...dd);
  await run("dd", `if=${rootImage}`, `of=${disk}`, `seek=${1 + BOOT}`, ...dd);
  await run("bmaptool", "--quiet", "create", "--output", `${disk}.bmap`, disk!);
  await run("zstd", "-q", "-3", "-T0", disk!, "-o", `${disk}.zst`);
  await run("sha256sum", `${disk}.zst`, `${disk}.bmap`);
  return inSequence(samples);
}

/** MiB for a folder's files and 64 more; looking is not measured. */
async function rootMiB(meter: Meter, root: string): Promise<number> {
  const { result } = await meter.measure({ argv: ["du", "-sm", root] });
  return Math.ceil(parseInt(new TextDecoder().decode(result.stdout)) * 1.1) + 64;
}
