import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { formatError, TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { SUMS_FILE } from "../../lib/release/file_names.ts";
import { formatSums } from "../../lib/release/sums.ts";
import { readText, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import { toldIn } from "../task.ts";
import { checkPacked } from "./check_packed.ts";
import { bundleProgram, type Origin } from "./bundle.ts";
import { type Machine, MACHINES } from "./elf_layout.ts";
import { helpOf } from "./help.ts";
import { formatNotices } from "./notices.ts";
import { type Base, makeProgram, prepareBase } from "./product.ts";
import type { Program, ProjectProgram } from "./programs.ts";
import { type ProgramRecord, recordOf } from "./record.ts";
import type { RuntimeKind } from "./runtime.ts";

/** What is to be made, and with what. */
export interface CompileRequest {
  /** Machines; all for which there is a runtime when undefined. */
  readonly targets: readonly Machine[] | undefined;
  readonly programs: readonly ProjectProgram[];
  /** The kind of runtime; the first that can be had when undefined. */
  readonly runtime?: RuntimeKind | undefined;
  /** Folder that exists. */
  readonly output: string;
  /** Path of the project. */
  readonly project: string;
  readonly env: Env;
  /** The Deno that runs. */
  readonly deno: { readonly path: string; readonly version: string; readonly machine: string };
  /** Whether to ask for the newest packages of the C library. */
  readonly isFresh: boolean;
}

/**
 * Makes the programs with their records, notices and SHA256SUMS. Nothing is written before all
 * of them were made and, where this machine can, started.
 *
 * @param approve Throws for programs that shall not be written.
 */
export async function compileAll(
  request: CompileRequest,
  approve: (records: readonly ProgramRecord[]) => void = () => {},
): Promise<ProgramRecord[]> {
  const bases = await basesFor(request);
  const source = await sourceOf(request);
  const files = new Map<string, { bytes: Uint8Array; mode: number }>();
  const records: ProgramRecord[] = [];
  const text = (name: string, content: string) =>
    files.set(name, { bytes: new TextEncoder().encode(content), mode: 0o644 });
  for (const base of bases) {
    const origin: Origin = { ...source, target: `linux-${base.machine}` };
    for (const program of request.programs) {
      const file = `${program.name}-${origin.version}-${origin.target}`;
      request.env.stderr.write(`${file}\n`);
      const tools = { deno: request.deno.path, runner: request.env.runner };
      using work = tempDir();
      const { env } = request;
      const bundle = await toldIn(env, `Bundle ${file}`, async () => {
        const help = await helpOf(program, env);
        const given = { project: request.project, work: work.path, help };
        return await bundleProgram(program, origin, { ...tools, ...given });
      });
      const make = () => makeProgram(program, bundle, base, tools);
      const bytes = await toldIn(env, `Pack ${file}`, make);
      if (base.machine === request.deno.machine) {
        await toldIn(env, `Start ${file}`, () => assertStarts(program, bytes, request));
      }
      const { libraries } = await toldIn(env, `Check ${file}`, () => checkPacked(bytes));
      const denoVersion = request.deno.version;
      const made = { program, file, bytes, origin, base, bundle, denoVersion, libraries };
      const record = await toldIn(env, `Record ${file}`, () => recordOf(made));
      records.push(record);
      files.set(file, { bytes, mode: 0o755 });
      text(`${file}.json`, JSON.stringify(record, null, 2) + "\n");
    }
    text(`NOTICES-${origin.target}`, noticesOf(base, request));
  }
  approve(records);
  await toldIn(request.env, "Write the programs", () => {
    const sums = [...files].map(([file, { bytes }]) => ({ file, digest: digestOf(bytes) }));
    text(SUMS_FILE, formatSums(sums));
    for (const [name, { bytes, mode }] of files) {
      writeFileAtomic(join(request.output, name), bytes, mode);
    }
  });
  return records;
}

/** Asked for by name, a machine without a runtime is an error; else it is left out, and said. */
async function basesFor({ targets, runtime, env, deno, isFresh }: CompileRequest): Promise<Base[]> {
  const bases: Base[] = [];
  const failures: TowerError[] = [];
  const say = (line: string) => env.stderr.write(`${line}\n`);
  for (const machine of targets ?? MACHINES) {
    try {
      const prepare = () =>
        prepareBase(machine, {
          runner: env.runner,
          deno: deno.path,
          version: deno.version,
          given: env.variable("DENORT_BIN"),
          kind: runtime,
          cacheDir: join(env.cacheDir, "compile"),
          say,
          isFresh,
        });
      bases.push(await toldIn(env, `Get a runtime for ${machine}`, prepare));
    } catch (error) {
      if (targets !== undefined || !(error instanceof TowerError)) throw error;
      failures.push(error);
      say(`left out ${machine}: ${formatError(error)}`);
    }
  }
  if (bases.length === 0 && failures[0]) throw failures[0];
  return bases;
}

/** Version and commit of the sources. */
async function sourceOf({ project, env }: CompileRequest): Promise<Omit<Origin, "target">> {
  const { version } = JSON.parse(readText(join(project, "deno.json"), 1 << 20));
  if (env.runner.which("git") === undefined) return { version, commit: "unknown" };
  const git = async (...args: string[]) => {
    const argv = ["git", "-c", "safe.directory=*", "-C", project, ...args] as const;
    const { stdout, ending } = await env.runner.run({
      argv: ["git", ...argv.slice(1)],
      okCodes: [0, 128],
    });
    return ending.kind === "exited" && ending.code === 0
      ? new TextDecoder().decode(stdout).trim()
      : undefined;
  };
  const commit = await git("rev-parse", "HEAD");
  if (commit === undefined) return { version, commit: "unknown" };
  const changes = await git("status", "--porcelain", "--", "build", "cli", "lib", "deno.json");
  return { version, commit: changes === "" ? commit : `${commit}-changed` };
}

/** A runtime of another version, or a broken one, shows at the first start. */
async function assertStarts(
  program: Program,
  bytes: Uint8Array,
  { env }: CompileRequest,
): Promise<void> {
  using work = tempDir();
  const path = join(work.path, program.name);
  writeFileAtomic(path, bytes, 0o755);
  try {
    await env.runner.run({ argv: [path, "--version"] }, { signal: AbortSignal.timeout(60_000) });
  } catch (cause) {
    throw new TowerError("tool", `Cannot use ${program.name}: what was made does not start`, {
      cause,
      hint: "a denort that DENORT_BIN names has to be of exactly this version of Deno",
    });
  }
}

function noticesOf(base: Base, { project }: CompileRequest): string {
  const { imports } = JSON.parse(readText(join(project, "deno.json"), 1 << 20)) as {
    imports: Record<string, string>;
  };
  const npm = Object.values(imports).filter((s) => s.startsWith("npm:")).map((s) => s.slice(4));
  return formatNotices({ runtime: base.runtime, library: base.library, npm });
}
