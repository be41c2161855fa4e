/**
 * Runs every test a user can run: the quick gate, then those that need files, programs and time.
 *
 *     deno task test [--long] [SUITE …]
 *
 * The last line counts them: `N passed, N failed, N skipped`. What was skipped is listed with its
 * reason. Exit status 1 when one failed.
 */
import { denoRunner } from "../lib/proc/deno_runner.ts";
import { fromFileUrl } from "@std/path";
import { type Env, realEnv } from "../lib/env.ts";
import { formatError } from "../lib/errors.ts";
import { makeLab } from "./lab.ts";
import { refreshPackageLists, setup, thisMachine } from "./setup.ts";
import { TOOL_NAMES } from "./setup/tools.ts";

interface Suite {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Programs of the distribution that its tests run. */
  readonly variables?: Readonly<Record<string, string>>;
}

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const DENO = Deno.execPath();
const test = (...argv: string[]): [string, ...string[]] => [
  DENO,
  ...["test", "--allow-all", "--no-check", "--quiet"],
  ...argv,
];

/** In this order: the quick ones first, then what they build upon. */
const SUITES: readonly Suite[] = [
  { name: "gate", argv: [DENO, "task", "--quiet", "ok"] },
  { name: "spec", argv: test("tests/spec") },
  { name: "interop", argv: test("--parallel", "tests/interop") },
  { name: "boot", argv: test("--parallel", "tests/boot") },
];

const LONG: readonly Suite[] = [
  {
    name: "long",
    argv: test("--parallel", "tests/long", "tests/interop/package_fuzz_test.ts"),
    variables: { TOWER_FUZZ_CASES: "60000" },
  },
];

interface Count {
  passed: number;
  failed: number;
  skipped: string[];
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((a) => !a.startsWith("--"));
  const suites = (args.includes("--long") ? LONG : SUITES)
    .filter((s) => wanted.length === 0 || wanted.includes(s.name));
  const unknown = wanted.filter((name) => !suites.some((s) => s.name === name));
  if (unknown.length > 0) return say(`no suite is called ${unknown.join(", ")}\n`, 2);
  const env = realEnv();
  await setup(TOOL_NAMES, thisMachine(env));
  await prepareLab(env);
  const total: Count = { passed: 0, failed: 0, skipped: [] };
  let broken = false;
  for (const suite of suites) {
    say(`\n=== ${suite.name}\n`);
    const begin = performance.now();
    const { code, text } = await runSuite(suite);
    count(text, total);
    say(`=== ${suite.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s, exit ${code}\n`);
    broken ||= code !== 0;
  }
  for (const line of total.skipped) say(`skipped: ${line}\n`);
  if (broken && total.failed === 0) total.failed = 1;
  say(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`);
  return broken ? 1 : 0;
}

/** Makes the lab repositories; without one the tests that need it are skipped and say so. */
async function prepareLab(env: Env): Promise<void> {
  await refreshPackageLists(thisMachine(env));
  for (const arch of ["x86_64", "aarch64"] as const) {
    try {
      await makeLab(env, arch);
    } catch (error) {
      say(`${formatError(error)}\n`);
    }
  }
}

/** Runs a suite; what it prints is shown as it comes and returned without colours. */
async function runSuite(suite: Suite): Promise<{ code: number; text: string }> {
  const runner = denoRunner();
  await using child = runner.spawn({
    argv: suite.argv,
    cwd: ROOT,
    variables: { ...Deno.env.toObject(), NO_COLOR: "1", ...suite.variables },
  });
  void child.stdin.close();
  const show = async (stream: ReadableStream<Uint8Array>): Promise<string> => {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream() as never)) {
      text += part;
      say(part as unknown as string);
    }
    return text;
  };
  const [out, err, ending] = await Promise.all([
    show(child.stdout),
    show(child.stderr),
    child.ended,
  ]);
  return { code: ending.kind === "exited" ? ending.code : 1, text: out + err };
}

/** Adds what the closing lines of `deno test` say. */
function count(text: string, total: Count): void {
  for (const match of text.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)) {
    total.passed += Number(match[1]);
    total.failed += Number(match[2]);
  }
  for (const match of text.matchAll(/^(.*) \.\.\. ignored/gm)) total.skipped.push(match[1]!);
}

function say(text: string, code = 0): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
