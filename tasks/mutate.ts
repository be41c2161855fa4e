/**
 * Changes sources one place at a time and tells which changes no unit test notices:
 * docs/testing.md, "Mutation".
 */
import { Command } from "@commander-js/extra-typings";
import { dirname, fromFileUrl, join } from "@std/path";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { tempDir } from "../lib/files/files.ts";
import { describeMutation, mutated, type Mutation, mutationsOf } from "./mutate/mutations.ts";
import { sampleOf } from "./mutate/sample.ts";
import { type TestChoice, type Verdict, Workbench } from "./mutate/trial.ts";
import { runTask } from "./task.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
/** Milliseconds that the slowest start of the tests takes on a busy machine. */
const LONGEST_START = 10_000;
/** How much longer than the unchanged source a mutant may take. */
const PATIENCE = 5;

/** A change to try. */
interface Mutant {
  readonly file: string;
  readonly source: string;
  readonly mutation: Mutation;
}

interface Options {
  readonly limit?: number | undefined;
  readonly seed: number;
  readonly jobs: number;
  readonly test: readonly string[];
}

type Count = Record<Verdict, number>;

/** `deno task mutate`. */
export function mutateTask(env: Env) {
  return new Command("deno task mutate")
    .description("Tell which changes of sources the unit tests beside them do not notice.")
    .argument("<rooms...>", "folders and files, such as lib/ip")
    .option("--limit <n>", "try that many changes of each room; all by default", whole)
    .option("--seed <n>", "which ones", whole, 1)
    .option("--jobs <n>", "how many at once", whole, env.processors)
    .option("--test <file>", "a test to run too; may be repeated", add, [])
    .action((rooms, options) => main(env, rooms, options));
}

async function main(env: Env, rooms: readonly string[], options: Options): Promise<void> {
  using folder = tempDir();
  const benches = Array.from({ length: Math.max(1, options.jobs) }, (_, i) => {
    const path = join(folder.path, `${i}`);
    Deno.mkdirSync(path);
    return new Workbench(ROOT, path, env.runner);
  });
  const lines: string[] = [];
  for (const room of rooms) {
    lines.push(`${room}: ${countText(await tryRoom(room, options, benches, env))}`);
  }
  env.stdout.write(`\n${lines.join("\n")}\nseed ${options.seed}\n`);
}

/** Tries the mutants of a room; tells survivors as they are found. */
async function tryRoom(
  room: string,
  { limit, seed, test }: Options,
  benches: readonly Workbench[],
  env: Env,
): Promise<Count> {
  const all = sourcesOf(room).flatMap((file): Mutant[] => {
    const source = Deno.readTextFileSync(join(ROOT, file));
    return mutationsOf(source).map((mutation) => ({ file, source, mutation }));
  });
  const mutants = sampleOf(all, limit ?? all.length, seed);
  env.stdout.write(`\n${room}: ${mutants.length} of ${all.length} mutants\n`);
  const times = new Map<string, number>();
  for (const { file, source } of mutants) {
    const folder = dirname(file);
    if (!times.has(folder)) times.set(folder, await limitOf(file, source, test, benches[0]!));
  }
  const count: Count = { killed: 0, late: 0, survived: 0 };
  let next = 0;
  // The folder is removed only once none of them works in it.
  const ends = await Promise.allSettled(benches.map(async (bench) => {
    for (let mutant; (mutant = mutants[next++]) !== undefined;) {
      const { file, source, mutation } = mutant;
      const tests = testsOf(file, test);
      const verdict = isEmpty(tests)
        ? "survived"
        : await bench.run(file, mutated(source, mutation), tests, times.get(dirname(file))!);
      count[verdict]++;
      if (verdict === "survived") {
        env.stdout.write(`${describeMutation(file, source, mutation)}\n`);
      }
    }
  }));
  env.signal.throwIfAborted();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return count;
}

/**
 * Milliseconds for the tests of a file.
 * @throws {TowerError} where they fail without any change.
 */
async function limitOf(
  file: string,
  source: string,
  named: readonly string[],
  bench: Workbench,
): Promise<number> {
  const tests = testsOf(file, named);
  if (isEmpty(tests)) return 0;
  const begin = performance.now();
  if (await bench.run(file, source, tests, 600_000) !== "survived") {
    const files = [...tests.beside, ...tests.named].join(" ");
    throw new TowerError("usage", `Cannot tell what the tests of "${file}" notice: they fail`, {
      hint: `named tests may start no program and write to TMPDIR alone; try: deno test ${files}`,
    });
  }
  return LONGEST_START + PATIENCE * (performance.now() - begin);
}

/** The unit tests that stand in the folder of a file, and those that were named. */
function testsOf(file: string, named: readonly string[]): TestChoice {
  const folder = dirname(file);
  const beside = [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => `${folder}/${name}`)
    .filter((path) => path.endsWith("_test.ts")).sort();
  return { beside, named };
}

function isEmpty({ beside, named }: TestChoice): boolean {
  return beside.length + named.length === 0;
}

/** The sources of a room, without its tests, in order. */
function sourcesOf(room: string): string[] {
  const path = room.replace(/\/+$/, "");
  let state: Deno.FileInfo;
  try {
    state = Deno.statSync(join(ROOT, path));
  } catch (cause) {
    throw new TowerError("not-found", `Cannot mutate "${room}": there is no such file`, { cause });
  }
  if (state.isFile) return [path];
  return [...Deno.readDirSync(join(ROOT, path))].flatMap(({ name, isDirectory }) => {
    const inner = `${path}/${name}`;
    if (isDirectory) return sourcesOf(inner);
    return name.endsWith(".ts") && !/(_test|\.d)\.ts$/.test(name) ? [inner] : [];
  }).sort();
}

function countText({ killed, late, survived }: Count): string {
  const all = killed + late + survived;
  return `${all} mutants, ${killed + late} killed (${late} by time), ${survived} survived`;
}

function whole(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new TowerError("usage", `Cannot use "${text}": it is no whole number`);
}

function add(file: string, files: readonly string[]): string[] {
  return [...files, file];
}

if (import.meta.main) await runTask(mutateTask);
