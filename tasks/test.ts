/**
 * Runs the tests: without a name the quick tier, which proves every feature once.
 *
 *     deno task test [TIER|SUITE …]
 *
 * Tells what was skipped and the slowest tests; the last line counts them all:
 * `N passed, N failed, N skipped`. Exit status 1 when one failed; later tiers are not run then.
 */
import { Command } from "@commander-js/extra-typings";
import { fromFileUrl, join } from "@std/path";
import type { Env } from "../lib/env.ts";
import type { Ending } from "../lib/program/ending.ts";
import { formatError } from "../lib/errors.ts";
import { exists, readText, tempDir } from "../lib/files/files.ts";
import { makeLab } from "./lab.ts";
import { refreshPackageLists, setup, thisMachine } from "./setup.ts";
import { TOOL_NAMES } from "./setup/tools.ts";
import { runTask } from "./task.ts";
import {
  closingLine,
  type Count,
  countOf,
  readReport,
  slowest,
  sumOf,
  type TestResult,
} from "./test/report.ts";
import { chooseTiers, type Suite, suiteNames, type Tier } from "./test/suites.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const SLOWEST = 10;
/** Bytes. */
const LARGEST_REPORT = 64 << 20;

/** `deno task test`. */
export function testTask(env: Env, ending: Ending) {
  return new Command("deno task test")
    .description("Run tests, count them, and tell the skipped and the slowest.")
    .argument("[name...]", `tiers or suites: ${suiteNames().join(", ")} (default: quick)`)
    .action(async (names) => {
      ending.code = await main(env, chooseTiers(names));
    });
}

async function main(env: Env, tiers: readonly Tier[]): Promise<0 | 1> {
  await setup(TOOL_NAMES, thisMachine(env));
  await prepareLab(env);
  using builds = tempDir();
  const results: TestResult[] = [];
  const counts: Count[] = [];
  for (const { name, suites } of tiers) {
    if (sumOf(counts).failed > 0) {
      env.stdout.write(`\n=== ${name}: not run, as tests before it failed\n`);
      continue;
    }
    for (const suite of suites) {
      const run = await runSuite(suite, builds.path, env);
      results.push(...run.results);
      counts.push(countOf(run.results, run.exitCode));
    }
  }
  for (const { name } of results.filter(({ outcome }) => outcome === "skipped")) {
    env.stdout.write(`skipped: ${name}\n`);
  }
  if (results.length > 0) {
    env.stdout.write(`\nThe slowest:\n${slowest(results, SLOWEST).join("\n")}\n`);
  }
  const total = sumOf(counts);
  env.stdout.write(`\n${closingLine(total)}\n`);
  return total.failed > 0 ? 1 : 0;
}

/** Makes the lab repositories; without one the tests that need it are skipped and say so. */
async function prepareLab(env: Env): Promise<void> {
  await refreshPackageLists(thisMachine(env));
  for (const arch of ["x86_64", "aarch64"] as const) {
    try {
      await makeLab(env, arch);
    } catch (error) {
      env.stdout.write(`${formatError(error)}\n`);
    }
  }
}

/**
 * Runs a suite; what it prints is shown as it comes.
 * @param builds Where its tests and those of other suites share the systems they build.
 */
async function runSuite(
  suite: Suite,
  builds: string,
  env: Env,
): Promise<{ exitCode: number; results: TestResult[] }> {
  env.stdout.write(`\n=== ${suite.name}\n`);
  const begin = performance.now();
  using folder = tempDir();
  const report = join(folder.path, "report.xml");
  await using child = env.runner.spawn({
    argv: [Deno.execPath(), ...suite.args, `--junit-path=${report}`],
    cwd: ROOT,
    variables: {
      ...Deno.env.toObject(),
      ...{ NO_COLOR: "1", TOWER_TEST_BUILDS: builds },
      ...suite.variables,
    },
  });
  void child.stdin.close();
  const show = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
      env.stdout.write(text as unknown as string);
    }
  };
  const [ending] = await Promise.all([child.ended, show(child.stdout), show(child.stderr)]);
  env.signal.throwIfAborted();
  const exitCode = ending.kind === "exited" ? ending.code : 1;
  const seconds = (performance.now() - begin) / 1000;
  env.stdout.write(`=== ${suite.name}: ${seconds.toFixed(0)} s, exit ${exitCode}\n`);
  return { exitCode, results: exists(report) ? readReport(readText(report, LARGEST_REPORT)) : [] };
}

if (import.meta.main) await runTask(testTask);
