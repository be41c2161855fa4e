import { assertEquals, assertMatch, assertNotMatch, assertRejects } from "@std/assert";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { RecordingRunner } from "../proc/recording_runner.ts";
import { newEnding, type Verbosity } from "./ending.ts";
import { reporterFor } from "./reporter.ts";
import { tellingEnv, verbosityOf } from "./verbosity.ts";

/** A program of some verbosity, and what its standard error got. */
function fixture(verbosity: Verbosity, json = false) {
  const state = { err: "" };
  const sink = { write: (text: string) => void (state.err += text) };
  const runner = new RecordingRunner({ ok: {}, bad: { code: 7 } });
  const base: Partial<Env> = {
    stderr: sink,
    notes: sink,
    stderrIsTerminal: true,
    columns: 80,
    variable: (name) => name === "TERM" ? "xterm" : undefined,
    hush: () => ({ [Symbol.dispose]() {} }),
    runner,
    explain() {},
    ask(question) {
      sink.write(question);
      return Promise.resolve("y");
    },
  };
  return { state, env: tellingEnv(base as Env, { ...newEnding(), json, verbosity }) };
}

Deno.test("--quiet and --verbose together ask for neither", () => {
  assertEquals(verbosityOf({}), "normal");
  assertEquals(verbosityOf({ quiet: true }), "quiet");
  assertEquals(verbosityOf({ verbose: true }), "verbose");
  assertEquals(verbosityOf({ quiet: true, verbose: true }), "normal");
});

Deno.test("verbose tells each program and how it ended, but none of its secrets", async () => {
  const { state, env } = fixture("verbose");
  await env.runner.run({
    argv: ["ok", "a b", "s3cret"],
    secretArgs: [2],
    stdin: new Uint8Array(9),
  });
  await assertRejects(() => env.runner.run({ argv: ["bad"] }), TowerError);
  await assertRejects(() => env.runner.run({ argv: ["none"] }), TowerError);
  await env.runner.spawn({ argv: ["bad", "\x1b[2J"] }).ended;
  env.explain("this \x1b[31mway");
  const times = state.err.replaceAll(/[0-9.]+ s$/gm, "TIME");
  assertEquals(times.split("\n"), [
    "run 1: ok 'a b' ***",
    "run 1: it ended with exit code 0 after TIME",
    "run 2: bad",
    "run 2: it failed after TIME",
    "run 3: none",
    "run 3: it failed after TIME",
    `run 4: bad ''"$(printf '\\033')"'[2J'`,
    "run 4: it ended with exit code 7 after TIME",
    "detail: this \\x1b[31mway",
    "",
  ]);
});

Deno.test("verbose with --json tells lines of JSON", async () => {
  const { state, env } = fixture("verbose", true);
  await env.runner.run({ argv: ["ok", "\x9b"] });
  env.explain("so");
  const [begin, end, detail] = state.err.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([begin.type, begin.id], ["program", 1]);
  assertEquals([end.type, end.id, end.how], ["program-ended", 1, "it ended with exit code 0"]);
  assertEquals(typeof end.milliseconds, "number");
  assertEquals(detail, { type: "detail", message: "so" });
  assertNotMatch(state.err, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

Deno.test("without --verbose neither programs nor decisions are told", async () => {
  for (const verbosity of ["quiet", "normal"] as const) {
    const { state, env } = fixture(verbosity);
    await env.runner.run({ argv: ["ok"] });
    env.explain("so");
    assertEquals(state.err, "");
  }
});

Deno.test("quiet tells errors, and what a question is about", async () => {
  const { state, env } = fixture("quiet");
  using reporter = reporterFor(env, false);
  reporter.report({ type: "step", id: "a", title: "A" });
  reporter.report({ type: "warning", message: "careful" });
  reporter.report({ type: "done", id: "a" });
  env.stderr.write("error: x\n");
  assertEquals(state.err, "error: x\n");
  env.notes.write("All data will be lost\n");
  await env.ask("Go on? ");
  assertMatch(state.err, /All data will be lost\nGo on\? $/);
});

Deno.test("verbose draws no progress between its lines", () => {
  for (const [verbosity, drawn] of [["normal", true], ["verbose", false]] as const) {
    const { state, env } = fixture(verbosity);
    using reporter = reporterFor(env, false);
    reporter.report({ type: "step", id: "a", title: "A", total: 2 });
    reporter.report({ type: "progress", id: "a", done: 1 });
    assertEquals(state.err !== "", drawn);
  }
});

Deno.test("an environment made of it has all that it has", () => {
  const { env } = fixture("normal");
  const { columns, stderrIsTerminal, stderr, notes } = { ...env };
  assertEquals([columns, stderrIsTerminal, stderr, notes], [
    ...[80, true] as const,
    ...[env.stderr, env.notes] as const,
  ]);
});
