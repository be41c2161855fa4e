import { basename, dirname, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { makeDir, readText, writeFileAtomic } from "../../lib/files/files.ts";
import { entriesOf } from "../../lib/files/folder_entries.ts";
import type { Program, ProjectProgram } from "./programs.ts";
import { networkVariables } from "./network_variables.ts";
import { formatParts, type Part } from "./parts.ts";
import { functionsOf, groupsOf, keepUsing, LOADER_SOURCE, withoutOwnUrl } from "./pieces.ts";

/** What a program knows of how it was made. */
export interface Origin {
  readonly version: string;
  /** Of the sources, as git names it. */
  readonly commit: string;
  /** Such as `linux-x86_64`. */
  readonly target: string;
}

/** A program's code and files, whatever runtime it gets. */
export interface Bundle {
  /** The JavaScript to begin with. */
  readonly loader: string;
  /** All else, as {@linkcode formatParts} makes it. */
  readonly parts: Uint8Array;
}

/** The tools of bundling. */
export interface BundleTools {
  /** An empty folder. */
  readonly work: string;
  /** The project's Deno. */
  readonly deno: string;
  readonly runner: Runner;
}

/** What the loader begins with. */
const MAIN = "main.js";
/** Folders and files that programs are made of. */
const SOURCES = ["build", "cli", "lib", "deno.json", "deno.lock"] as const;
/** The module that holds the files of {@linkcode SYSTEMS} in a program that is one file. */
const EMBEDDED = "build/inputs/embedded_systems.ts", SYSTEMS = "build/systems";

/**
 * Bundles a program in a clean folder: no `node_modules` of the project can come in, all npm
 * packages are inside (their integrity checked against the project's lock), and unused
 * code stays out, which shortens the start.
 *
 * @param project Path of the project.
 * @param help What `--help` prints, by width.
 */
export async function bundleProgram(
  program: ProjectProgram,
  origin: Origin,
  { project, help, ...tools }: BundleTools & {
    readonly project: string;
    readonly help: Readonly<Record<number, string>>;
  },
): Promise<Bundle> {
  const sources = join(tools.work, "sources");
  for (const name of SOURCES) copySources(join(project, name), join(sources, name));
  writeOrigin(join(sources, "deno.json"), origin);
  const embed = (module: string, name: string, value: unknown) =>
    write(join(sources, module), `export const ${name} = ${JSON.stringify(value)};\n`);
  embed(EMBEDDED, "EMBEDDED_SYSTEMS", filesOf(join(sources, SYSTEMS)));
  embed(program.help, "EMBEDDED_HELP", help);
  return await bundleSources(program, sources, tools);
}

/**
 * Bundles a program from a folder that holds nothing but its sources.
 *
 * @throws {TowerError} `unsupported` for what a program that is one file cannot have.
 */
export async function bundleSources(
  program: Program,
  sources: string,
  { work, deno, runner }: BundleTools,
): Promise<Bundle> {
  const bundle = async (cwd: string, ...args: string[]) => {
    const flags = ["--quiet", "--platform", "deno"];
    await runner.run({
      argv: [deno, "bundle", ...flags, ...args],
      cwd,
      variables: { ...networkVariables(), NO_COLOR: "1" },
    });
  };
  const minify = (cwd: string, ...args: string[]) =>
    bundle(cwd, "--minify", "--no-config", "--no-lock", ...args);
  const at = (name: string) => join(work, name);
  // In pieces: what a command line does not need is neither read nor parsed for it.
  await bundle(sources, "--frozen", "--code-splitting", "--outdir", at("modules"), program.main);
  const workers: Part[] = [];
  for (const [name, from] of Object.entries(program.workers)) {
    await bundle(sources, "--frozen", "--output", at(name), from);
    const text = complete(readText(at(name), 64 << 20), program);
    write(at("worker.js"), keepUsing(text));
    await minify(work, "--output", at("worker.min.js"), "./worker.js");
    const minified = readText(at("worker.min.js"), 64 << 20);
    workers.push({ names: [`./${name}`], text: withoutOwnUrl(minified) });
  }
  const modules = textsOf(at("modules"));
  for (const text of modules.values()) complete(text, program);
  const functions = await functionsOf(
    modules,
    workers.flatMap(({ names }) => names),
    async (modules) => {
      makeDir(at("pieces"));
      for (const [name, text] of modules) write(join(at("pieces"), name), text);
      const flags = ["--format", "cjs", "--external", "part:*", "--outdir", at("functions")];
      const names = [...modules.keys()].map((name) => `./${name}`);
      await minify(at("pieces"), ...flags, ...names);
      return textsOf(at("functions"));
    },
  );
  const main = basename(program.main).replace(/\.ts$/, ".js");
  const named = new Map([...functions].map(([name, text]) => [name === main ? MAIN : name, text]));
  const loader = at("loader.js");
  await minify(work, "--output", loader, LOADER_SOURCE);
  return {
    loader: readText(loader, 1 << 20),
    parts: formatParts([...groupsOf(named, MAIN), ...workers]),
  };
}

/** deno.json is where programs read their version from. */
function writeOrigin(path: string, origin: Origin): void {
  const config = JSON.parse(readText(path, 1 << 20));
  write(path, JSON.stringify({ ...config, ...origin }, null, 2));
}

function write(path: string, text: string): void {
  writeFileAtomic(path, new TextEncoder().encode(text));
}

/** The texts of the files of a folder, by name. */
function textsOf(folder: string): Map<string, string> {
  const files = entriesOf(folder).filter(({ type }) => type === "file");
  return new Map(files.map(({ name }) => [name, readText(join(folder, name), 64 << 20)]));
}

/** The texts of all files below a folder, by path from there. */
function filesOf(folder: string, prefix = ""): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { name, type } of entriesOf(folder)) {
    const path = join(folder, name);
    if (type === "directory") Object.assign(files, filesOf(path, `${prefix}${name}/`));
    else files[prefix + name] = readText(path, 16 << 20);
  }
  return files;
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
 * A path that a module builds from its own URL names nothing in a program that is one file, unless
 * it is a worker's. No program loads native code.
 *
 * @returns The text.
 * @throws {TowerError} `unsupported` for a path that would be missing at run time.
 */
export function complete(text: string, program: Program): string {
  const workers = Object.keys(program.workers).map((name) => `./${name}`);
  const refuse = (why: string, hint: string) =>
    new TowerError("unsupported", `Cannot compile ${program.name}: ${why}`, { hint });
  for (const [, named] of text.matchAll(/new URL\("([^"]+)",\s*import\.meta\.url\)/g)) {
    // The systems are named by sources alone: EMBEDDED takes their place.
    if (!workers.includes(named!) && named !== `../${basename(SYSTEMS)}`) {
      throw refuse(
        `it looks for "${named}", which is not embedded`,
        "name a worker in tasks/compile/programs.ts",
      );
    }
  }
  if (/\bDeno\.dlopen\b/.test(text)) throw refuse("it loads native code", "programs run without");
  return text;
}
