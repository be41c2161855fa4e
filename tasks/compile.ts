/**
 * Makes each program one file that runs on any Linux of its machine, musl or glibc.
 *
 *     deno task compile [--target x86_64|aarch64]… [--program NAME]… [--runtime denort|deno] [--output DIR]
 */
import { Command, Option } from "@commander-js/extra-typings";
import { fromFileUrl, join, resolve } from "@std/path";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { hexOf } from "../lib/bytes/digest.ts";
import { hashFile } from "../lib/files/artifact_file.ts";
import { makeDir } from "../lib/files/files.ts";
import { packApk } from "./compile/apk.ts";
import { type Machine, MACHINES } from "./compile/elf_layout.ts";
import { compileAll } from "./compile/compile_all.ts";
import { PROGRAMS } from "./compile/programs.ts";
import { RUNTIME_KINDS, type RuntimeKind } from "./compile/runtime.ts";
import { setup, thisMachine } from "./setup.ts";
import type { ToolName } from "./setup/tools.ts";
import { runTask } from "./task.ts";

/** `deno task compile`. */
export function compileTask(env: Env) {
  const several = <T extends string>(value: T, before: T[] | undefined) => [...before ?? [], value];
  const names = PROGRAMS.map(({ name }) => name);
  return new Command("deno task compile")
    .description("Make each program one file that runs on any Linux of its machine.")
    .addOption(
      new Option("--target <machine>", "for this machine alone; repeatable")
        .choices(MACHINES).argParser(oneOf(MACHINES, "target", several)),
    )
    .addOption(
      new Option("--program <name>", "this program alone; repeatable")
        .choices(names).argParser(oneOf(names, "program", several)),
    )
    .addOption(
      new Option("--runtime <kind>", "denort, or deno of npm; by default the first to be had")
        .choices(RUNTIME_KINDS),
    )
    .option("--apk-key <file>", "RSA key in PEM: also make an .apk of each, signed with it")
    .option("--output <dir>", "where they go", "programs")
    .action((options) => main(env, options));
}

interface CompileOptions {
  readonly target?: Machine[] | undefined;
  readonly program?: string[] | undefined;
  readonly runtime?: RuntimeKind | undefined;
  readonly apkKey?: string | undefined;
  readonly output: string;
}

async function main(env: Env, options: CompileOptions): Promise<void> {
  const output = resolve(env.cwd, options.output);
  makeDir(output);
  const tools: ToolName[] = ["gcc", "dpkg-deb"];
  if (options.target?.includes("aarch64")) tools.push("gcc-aarch64");
  await setup(tools, thisMachine(env));
  const made = await compileAll({
    targets: options.target,
    runtime: options.runtime,
    programs: PROGRAMS.filter(({ name }) => options.program?.includes(name) ?? true),
    output,
    project: fromFileUrl(new URL("..", import.meta.url)),
    env,
    deno: { path: Deno.execPath(), version: Deno.version.deno, machine: Deno.build.arch },
    isFresh: false,
  });
  for (const record of made) {
    env.stdout.write(`${record.sha256}  ${join(output, record.file)}\n`);
    if (options.apkKey === undefined) continue;
    const program = PROGRAMS.find(({ name }) => name === record.program)!;
    const apk = await packApk(program, record, output, resolve(env.cwd, options.apkKey));
    env.stdout.write(`${hexOf(hashFile(apk))}  ${apk}\n`);
  }
}

function oneOf<T extends string>(
  choices: readonly T[],
  name: string,
  add: (value: T, before: T[] | undefined) => T[],
): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => {
    const choice = choices.find((c) => c === text);
    if (choice !== undefined) return add(choice, before);
    throw new TowerError("usage", `Cannot compile: "${text}" is no ${name}`, {
      hint: `one of: ${choices.join(", ")}`,
    });
  };
}

if (import.meta.main) await runTask(compileTask);
