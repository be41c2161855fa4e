import { Command, Option } from "@commander-js/extra-typings";
import { fromFileUrl, join, resolve } from "@std/path";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { breathing } from "../lib/files/interruption.ts";
import { waitForLock } from "../lib/files/lock_file.ts";
import { type Arch, ARCHES } from "../lib/brand.ts";
import { bench } from "./lab/bench_table.ts";
import type { PackageSet } from "./lab/recipe.ts";
import { type MadeRepository, makeRepository } from "./lab/repository.ts";
import { labFor } from "./lab/table.ts";
import { runTask } from "./task.ts";

/** Later releases have all programs below /usr, and fewer links that the table counts on. */
const KNOWN_RELEASE = "12";
const SETS = ["lab", "bench"] as const;

/**
 * `deno task lab`: a package repository in Alpine's format, made here from Debian's packages.
 * Prints the options with which `tower-build` uses it.
 */
export function labTask(env: Env) {
  return new Command("deno task lab")
    .description("Make a signed package repository in Alpine's format from Debian's packages.")
    .addOption(
      new Option("--set <name>", "which packages").choices(SETS).default("lab" as const),
    )
    .addOption(
      new Option("--arch <arch>", "for which machines; the bench set is for x86_64 only")
        .choices(ARCHES).default("x86_64" as const),
    )
    .option("--output <dir>", "where it goes; a folder of the cache by default")
    .action((options) => main(env, options));
}

interface LabOptions {
  readonly set: (typeof SETS)[number];
  readonly arch: Arch;
  readonly output?: string | undefined;
}

async function main(env: Env, options: LabOptions): Promise<void> {
  if (options.set === "bench" && options.arch !== bench.arch) {
    throw new TowerError("usage", `Cannot make the bench set for "${options.arch}"`);
  }
  const set = options.set === "bench" ? bench : labFor(options.arch);
  const folder = options.output === undefined
    ? join(env.cacheDir, set.folder)
    : resolve(env.cwd, options.output);
  const made = await make(env, set, folder);
  env.stdout.write(`--repository ${made.folder} --keys ${made.keys}\n`);
}

/** Makes the lab repository in the cache folder, or brings it up to date. */
export function makeLab(env: Env, arch: Arch): Promise<MadeRepository> {
  const set = labFor(arch);
  return make(env, set, join(env.cacheDir, set.folder));
}

/** Makes a set's repository in a folder, one process at a time. */
async function make(env: Env, set: PackageSet, folder: string): Promise<MadeRepository> {
  const say = (line: string) => env.stderr.write(`${line}\n`);
  if (debianRelease() !== KNOWN_RELEASE) {
    say(`warning: the lab is known to boot from packages of Debian ${KNOWN_RELEASE} only`);
  }
  using _lock = await waitForLock(join(folder, "lock"), "deno task lab", {
    signal: env.signal,
    onWait: (holder) => say(`Waiting for ${holder}`),
  });
  const ownFiles = fromFileUrl(new URL("lab/packages", import.meta.url).href);
  using reporter = reporterFor(env, false);
  const breathe = breathing(env.signal);
  const made = await makeRepository({
    set,
    folder,
    ownFiles,
    runner: env.runner,
    reporter,
    breathe,
  });
  say(`Repository ${set.folder} (${set.arch}): ${made.packages} packages, ${made.made} made now`);
  return made;
}

function debianRelease(): string | undefined {
  try {
    const text = Deno.readTextFileSync("/etc/os-release");
    return /^VERSION_ID="?([^"\n]*)"?$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

if (import.meta.main) await runTask(labTask);
