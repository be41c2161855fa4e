/**
 * Makes what users download: the programs for all machines, archives, .apk packages, a software
 * bill of materials, and signed sums.
 *
 *     deno task release --sign-key FILE --apk-key FILE [--output DIR]
 *
 * Sources that are no commit of git are refused, and nothing is left.
 */
import { Command } from "@commander-js/extra-typings";
import { fromFileUrl, join, resolve } from "@std/path";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { exists, makeDir, readText, removeTree, writeFileAtomic } from "../lib/files/files.ts";
import { readPrivateKeyFile } from "../lib/ssh_signature/private_key.ts";
import { apkPath, packApk } from "./compile/apk.ts";
import { compileAll } from "./compile/compile_all.ts";
import { MACHINES } from "./compile/elf_layout.ts";
import { PROGRAMS } from "./compile/programs.ts";
import { archiveProgram, assertReleasable, sbomOf, signSums } from "./compile/release.ts";
import { setup, thisMachine } from "./setup.ts";
import { runTask } from "./task.ts";

/** `deno task release`. */
export function releaseTask(env: Env) {
  return new Command("deno task release")
    .description("Make archives, packages, a bill of materials and signed sums of all programs.")
    .requiredOption("--sign-key <file>", "Ed25519 key of ssh-keygen(1) that signs SHA256SUMS")
    .requiredOption("--apk-key <file>", "RSA key in PEM that signs the .apk packages")
    .option("--output <dir>", "where they go; must not exist", "release")
    .action((options) => main(env, options));
}

interface ReleaseOptions {
  readonly signKey: string;
  readonly apkKey: string;
  readonly output: string;
}

async function main(env: Env, options: ReleaseOptions): Promise<void> {
  const output = resolve(env.cwd, options.output);
  const signKey = resolve(env.cwd, options.signKey), apkKey = resolve(env.cwd, options.apkKey);
  readPrivateKeyFile(readText(signKey, 64 << 10), signKey);
  readText(apkKey, 64 << 10);
  if (exists(output)) {
    throw new TowerError("conflict", `Cannot release into "${output}": it exists`);
  }
  await setup(["gcc", "gcc-aarch64", "dpkg-deb", "xz"], thisMachine(env));
  const work = `${output}.partial`;
  removeTree(work);
  makeDir(work);
  try {
    const records = await compileAll({
      targets: MACHINES,
      programs: PROGRAMS,
      output: work,
      project: fromFileUrl(new URL("..", import.meta.url)),
      env,
      deno: { path: Deno.execPath(), version: Deno.version.deno, machine: Deno.build.arch },
      isFresh: true,
    }, assertReleasable);
    const names = records.flatMap(({ file }) => [file, `${file}.json`]);
    names.push(...new Set(records.map(({ target }) => `NOTICES-${target}`)));
    for (const record of records) {
      env.stderr.write(`${record.file}.tar.xz\n`);
      names.push(await archiveProgram(record, work, env.runner));
      await packApk(PROGRAMS.find(({ name }) => name === record.program)!, record, work, apkKey);
      names.push(apkPath(record));
    }
    writeFileAtomic(join(work, "sbom.spdx.json"), new TextEncoder().encode(sbomOf(records)));
    signSums(work, [...names, "sbom.spdx.json"], signKey);
    Deno.renameSync(work, output);
    for (const name of names) env.stdout.write(`${join(output, name)}\n`);
  } finally {
    removeTree(work);
  }
}

if (import.meta.main) await runTask(releaseTask);
