import { assert, assertEquals } from "@std/assert";
import { tempDir } from "../../lib/files/files.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { createMeter } from "../../tasks/bench/measure.ts";
import { labRepository, type PackageSpec } from "../support/build/lab_repository.ts";
import { tablePackages } from "../support/build/table_packages.ts";
import { towerArgv, towerVariables } from "../support/fleet/tower_process.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";

const runner = denoRunner();

/** Files of a package: one of 10^5 is rare, many of some thousands are a system. */
const FILES = 20_000;
/** How many times as many more: a heap grows in steps, which little growth would show. */
const MORE = 10;
/**
 * Bytes of memory for each entry more. On a machine with nothing else to do it is under 1 KiB; beside another
 * test V8's collectors, which work in threads, come late.
 */
const LIMIT = 2048;

/** As many packages as it takes, of files that are small, as most are. */
function manyFiles(count: number): PackageSpec[] {
  return Array.from({ length: count / FILES }, (_, p) => ({
    name: `many-${p}`,
    files: Object.fromEntries(
      Array.from({ length: FILES }, (_, i) => [
        `usr/share/collection-${p}/group-${Math.floor(i / 100)}/document-${i}.txt`,
        `${p} ${i}\n`,
      ]),
    ),
  }));
}

/** Peaks of a build that unpacks its packages, and of one that has them in the store. */
async function peaks(folder: string, files: number): Promise<number[]> {
  const many = manyFiles(files);
  const repository = labRepository(`${folder}/repository`, [...tablePackages("x86_64"), ...many]);
  const manifest = {
    ...{ name: "many", arches: ["x86_64"], repositories: [repository.folder] },
    stages: [
      {
        kind: "packages",
        world: ["alpine-base", "linux-virt", "syslinux", ...many.map(({ name }) => name)],
      },
      { kind: "kernel", flavour: "virt" },
      { kind: "initramfs", flavour: "virt", path: "/boot/initramfs", modules: ["ext4"] },
    ],
    outputs: [{
      ...{ kind: "disk", file: "many.img", flavour: "virt", initramfs: "/boot/initramfs" },
      ...{ table: "mbr", loaders: ["syslinux"], boot: { free: "1MiB" }, root: { free: "4MiB" } },
    }, { kind: "tar", file: "many.tar" }],
  };
  Deno.writeTextFileSync(`${folder}/many.yaml`, JSON.stringify(manifest));
  const meter = createMeter(runner, folder);
  const found: number[] = [];
  for (const output of ["cold", "warm"]) {
    const { sample } = await meter.measure({
      argv: towerArgv(
        ...["build", `${folder}/many.yaml`, "--keys", repository.keys],
        ...["--output", `${folder}/${output}`],
      ),
      cwd: folder,
      variables: towerVariables(folder),
    });
    found.push(sample.memory!);
    await Deno.remove(`${folder}/${output}`, { recursive: true });
  }
  return found;
}

Deno.test({
  ...named(
    "each entry of a tree takes a build at most 2 KiB of memory",
    programsMissing(runner, "time"),
  ),
  async fn() {
    using few = tempDir();
    using many = tempDir();
    const [base, grown] = [
      await peaks(few.path, FILES),
      await peaks(many.path, (1 + MORE) * FILES),
    ];
    assertEquals(base.length, grown.length);
    for (const [i, peak] of grown.entries()) {
      const each = (peak - base[i]!) / (MORE * FILES);
      assert(
        each <= LIMIT,
        `${each} bytes: ${base[i]} with ${FILES} files, ${peak} with ${1 + MORE} times as many`,
      );
    }
  },
});
