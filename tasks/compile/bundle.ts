import { basename, dirname, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { listDir, makeDir, readText, writeFileAtomic } from "../../lib/store/files.ts";
import { entriesOf } from "../../lib/store/folder_entries.ts";
import type { Program } from "./programs.ts";
import { networkVariables } from "./network_variables.ts";

/** What a program knows of how it was made. */
export interface Origin {
  readonly version: string;
  /** Of the sources, as git names it. */
  readonly commit: string;
  /** Such as `linux-x86_64`. */
  readonly target: string;
}

/** A folder that holds a program's bundled modules and files, and nothing else. */
export interface Bundle {
  /** Path of the main module. */
  readonly main: string;
  /** Paths to embed beside it. */
  readonly includes: readonly string[];
}

/** Folders and files that programs are made of. */
const SOURCES = ["build", "cli", "lib", "deno.json", "deno.lock"] as const;

/**
 * Bundles a program in a clean folder: no `node_modules` of the project can come in, all npm
 * packages are inside (their integrity checked against the project's lock), and unused
 * code stays out, which shortens the start.
 *
 * @param project Path of the project.
 * @param work An empty folder.
 * @param deno The project's Deno, whatever version compiles later.
 */
export async function bundleProgram(
  program: Program,
  origin: Origin,
  { project, work, deno, runner, prelude }: {
    readonly project: string;
    readonly work: string;
    readonly deno: string;
    readonly runner: Runner;
    /** JavaScript that every module begins with. */
    readonly prelude: string;
  },
): Promise<Bundle> {
  const sources = join(work, "sources"), out = join(work, "bundle", dirname(program.main));
  for (const name of SOURCES) copySources(join(project, name), join(sources, name));
  writeOrigin(join(sources, "deno.json"), origin);
  makeDir(out);
  const bundle = async (from: string, ...to: string[]) => {
    const flags = ["--quiet", "--frozen", "--minify", "--platform", "deno"];
    await runner.run({
      argv: [deno, "bundle", ...flags, ...to, from],
      cwd: sources,
      variables: networkVariables(),
    });
  };
  // In pieces: what a command line does not need is neither read nor parsed for it.
  await bundle(program.main, "--code-splitting", "--outdir", out);
  const main = join(out, "main.js");
  const workers = Object.keys(program.workers).map((name) => join(out, name));
  for (const [name, from] of Object.entries(program.workers)) {
    await bundle(from, "--output", join(out, name));
  }
  for (const path of [main, ...workers]) {
    const code = prelude + readText(path, 64 << 20);
    writeFileAtomic(path, new TextEncoder().encode(code));
  }
  for (const name of listDir(out)) assertComplete(join(out, name), program);
  const includes = program.includes.map((path) => {
    const to = join(work, "bundle", path);
    copySources(join(project, path), to);
    return to;
  });
  return { main, includes: [...workers, ...includes] };
}

/** deno.json is where programs read their version from. */
function writeOrigin(path: string, origin: Origin): void {
  const config = JSON.parse(readText(path, 1 << 20));
  const text = JSON.stringify({ ...config, ...origin }, null, 2);
  writeFileAtomic(path, new TextEncoder().encode(text));
}

/** Copies plain files and folders; tests and what git would not keep are no part of a program. */
function copySources(from: string, to: string): void {
  if (Deno.statSync(from).isFile) {
    makeDir(dirname(to));
    Deno.copyFileSync(from, to);
    Deno.chmodSync(to, 0o644);
    return;
  }
  for (const { name, type } of entriesOf(from)) {
    if (type === "directory" || type === "file" && !name.endsWith("_test.ts")) {
      copySources(join(from, name), join(to, name));
    }
  }
}

/**
 * A path that a module builds from its own URL means another place after bundling, and names
 * nothing unless it is embedded.
 *
 * @throws {TowerError} `unsupported` for a path that would be missing at run time.
 */
export function assertComplete(path: string, program: Program): void {
  const known = [
    ...Object.keys(program.workers).map((name) => `./${name}`),
    ...program.includes.map((path) => `./${basename(path)}`),
    ...program.unread,
  ];
  const text = readText(path, 64 << 20);
  for (const [, named] of text.matchAll(/new URL\("([^"]+)",\s*import\.meta\.url\)/g)) {
    if (!known.includes(named!)) {
      throw new TowerError(
        "unsupported",
        `Cannot compile ${program.name}: it looks for "${named}", which is not embedded`,
        { hint: "name it in tasks/compile/programs.ts" },
      );
    }
  }
}
