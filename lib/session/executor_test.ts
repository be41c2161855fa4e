import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import {
  type ExecStep,
  type Outcome,
  type Plan,
  type RebootStep,
  type Sequence,
  sequenceOf,
  type Step,
} from "../fleet/operations/step.ts";
import { testHost } from "../fleet/test_host.ts";
import type { Event } from "../report/event.ts";
import { onHosts, runPlan } from "./executor.ts";
import { type TestAnswer, TestSession } from "./test_session.ts";

const HOSTS = ["a", "b", "c", "d", "e"].map((name) => testHost(name));
const options = { parallel: 2, signal: new AbortController().signal };

function kinds(outcomes: readonly Outcome<unknown>[]): string[] {
  return outcomes.map(({ host, result }) => `${host.name} ${result.kind}`);
}

Deno.test("outcomes are in the order of the hosts, and one that fails stops no other", async () => {
  const outcomes = await onHosts(HOSTS, options, async (host) => {
    if (host.name === "a") await Promise.resolve();
    if (host.name === "b") throw new TowerError("tool", "Cannot b");
    return host.name.toUpperCase();
  });
  assertEquals(kinds(outcomes), ["a done", "b failed", "c done", "d done", "e done"]);
  assertEquals(outcomes[4]!.result, { kind: "done", value: "E" });
});

Deno.test("as many hosts as are allowed are worked on at once, and never more", async () => {
  for (const [parallel, most] of [[1, 1], [2, 2], [9, 5]] as const) {
    let now = 0;
    let seen = 0;
    await onHosts(HOSTS, { ...options, parallel }, async () => {
      seen = Math.max(seen, ++now);
      for (let i = 0; i < 20; i++) await Promise.resolve();
      now--;
    });
    assertEquals(seen, most, `parallel ${parallel}`);
  }
  assertEquals(await onHosts([], options, () => Promise.reject(new Error("no host"))), []);
});

Deno.test("once the user ends it no other host is begun, and the reason is thrown", async () => {
  const stop = new TowerError("interrupted", "Cannot go on");
  for (const ending of ["works", "fails"]) {
    const controller = new AbortController();
    const begun: string[] = [];
    const work = onHosts(HOSTS, { parallel: 1, signal: controller.signal }, ({ name }) => {
      begun.push(name);
      controller.abort(stop);
      return ending === "works" ? Promise.resolve() : Promise.reject(new Error("ended"));
    });
    assertEquals(await assertRejects(() => work), stop);
    assertEquals(begun, ["a"]);
  }
});

const EXEC: ExecStep = { kind: "exec", title: "reboot", argv: ["doas", "reboot"] };
const POWEROFF: RebootStep = {
  kind: "reboot",
  title: "reboot",
  argv: ["doas", "reboot"],
  until: "asked",
};

async function run(step: Step, answer: TestAnswer) {
  const session = new TestSession([answer], HOSTS[0]);
  const events: Event[] = [];
  const reporter = { report: (event: Event) => void events.push(event) };
  const plan = [[sequenceOf(HOSTS[0]!, step)]];
  const [outcome] = await runPlan(plan, () => session, { ...options, reporter });
  return { session, result: outcome!.result, events: events.map(({ type }) => type), told: events };
}

function messageOf(result: Outcome<unknown>["result"]): string {
  return result.kind === "failed" ? (result.error as Error).message : "done";
}

Deno.test("a step is its program with its input and a limit of time; its end is told", async () => {
  const { session, result, events, told } = await run({ ...EXEC, stdin: Uint8Array.of(1) }, {});
  const id = "a: reboot";
  assertEquals(told, [{ type: "step", id, title: id }, { type: "done", id }]);
  assertEquals([result.kind, events], ["done", ["step", "done"]]);
  assertEquals(session.programs, [{
    argv: ["doas", "reboot"],
    stdin: Uint8Array.of(1),
    deadline: 60,
    outputLimit: 1 << 20,
  }]);
  assertEquals("stdin" in (await run(EXEC, {})).session.programs[0]!, false);
});

Deno.test("a step whose program fails says what the host said, without what drives a terminal", async () => {
  const failed = await run(EXEC, { code: 1, stderr: " no\x1b[2J \n" });
  assertEquals(messageOf(failed.result), 'Cannot reboot on "a": no\\x1b[2J');
  assertEquals(failed.events, ["step"]);
  assertEquals(messageOf((await run(EXEC, { code: 1 })).result), 'Cannot reboot on "a": it failed');
  const ended = await run(EXEC, { signal: "SIGKILL" });
  assertEquals(messageOf(ended.result), 'Cannot reboot on "a": it failed');
  const long = await run(EXEC, { code: 1, stderr: "x".repeat(600) });
  assertEquals(messageOf(long.result), `Cannot reboot on "a": ${"x".repeat(512)}`);
});

Deno.test("a host may go away before it answers only where the step says so", async () => {
  const error = new TowerError("unreachable", "Cannot reach it");
  assertEquals((await run(POWEROFF, { error })).result.kind, "done");
  assertEquals(messageOf((await run(EXEC, { error })).result), "Cannot reach it");
  for (
    const other of [new TowerError("untrusted", "another key"), new TypeError("another fault")]
  ) {
    const { result } = await run(POWEROFF, { error: other });
    assertEquals(messageOf(result), other.message);
  }
  const { result } = await run(POWEROFF, { code: 1 });
  assert(result.kind === "failed" && result.error instanceof TowerError);
});

/** A fleet whose hosts say when they are asked what; one word of a step's title each. */
function fleet(failing: readonly string[] = []) {
  const asked: string[] = [];
  const session = (host: Host) => {
    const test = new TestSession([{}], host);
    const exec: TestSession["exec"] = (program) => {
      const what = `${host.name} ${program.argv[0]}`;
      asked.push(what);
      return new TestSession([{ code: failing.includes(what) ? 1 : 0 }], host).exec(program);
    };
    return Object.assign(test, { exec });
  };
  const run = (plan: Plan) => runPlan(plan, session, { ...options, reporter: { report() {} } });
  return { asked, run };
}

const does = (title: string): Step => ({ kind: "exec", title, argv: [title] });
const sequence = (host: Host, title: string, ...rest: Step[]): Sequence => ({
  host,
  title,
  steps: [does(title), ...rest],
});
const [A, B, C] = [HOSTS[0]!, HOSTS[1]!, HOSTS[2]!];

Deno.test("the groups of a plan come one after another, each with all its outcomes", async () => {
  const { asked, run } = fleet(["b one"]);
  const outcomes = await run([[sequence(B, "one"), sequence(A, "one")], [sequence(C, "two")]]);
  assertEquals(kinds(outcomes), ["b failed", "a done", "c done"]);
  assertEquals(asked.at(-1), "c two");
});

Deno.test("a sequence stops at the step that fails; other hosts go on to their end", async () => {
  const { asked, run } = fleet(["a two"]);
  const steps = (host: Host) => sequence(host, "one", does("two"), does("three"));
  const outcomes = await run([[steps(A), steps(B)]]);
  assertEquals(kinds(outcomes), ["a failed", "b done"]);
  assertEquals(messageOf(outcomes[0]!.result), 'Cannot two on "a": it failed');
  const of = (name: string) => asked.filter((what) => what.startsWith(name));
  assertEquals(of("a"), ["a one", "a two"]);
  assertEquals(of("b"), ["b one", "b two", "b three"]);
});

Deno.test("two sequences of one host in a group are both done, in their order", async () => {
  const { asked, run } = fleet();
  const outcomes = await run([[sequence(A, "one"), sequence(B, "one"), sequence(A, "two")]]);
  assertEquals(kinds(outcomes), ["a done", "a done", "b done"]);
  assertEquals(asked.filter((what) => what.startsWith("a")), ["a one", "a two"]);
  assertEquals(outcomes.map(({ result }) => result.kind === "done" && result.value.title), [
    "one",
    "two",
    "one",
  ]);
});

Deno.test("a host that failed is left alone: in its group, and in those that come after", async () => {
  const { asked, run } = fleet(["a one"]);
  const outcomes = await run([
    [sequence(A, "one"), sequence(A, "two"), sequence(B, "one")],
    [sequence(A, "three"), sequence(B, "three")],
  ]);
  assertEquals(kinds(outcomes), ["a failed", "b done", "b done"]);
  assertEquals(asked.toSorted(), ["a one", "b one", "b three"]);
});
