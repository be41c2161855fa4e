import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import type { Outcome, Step } from "../fleet/operations/step.ts";
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

const step = (host: Host, more: Partial<Step> = {}): Step => ({
  host,
  title: "reboot",
  argv: ["doas", "reboot"],
  ...more,
});

async function run(more: Partial<Step>, answer: TestAnswer) {
  const session = new TestSession([answer], HOSTS[0]);
  const events: Event[] = [];
  const reporter = { report: (event: Event) => void events.push(event) };
  const [outcome] = await runPlan([[step(HOSTS[0]!, more)]], () => session, {
    ...options,
    reporter,
  });
  return { session, result: outcome!.result, events: events.map(({ type }) => type), told: events };
}

function messageOf(result: Outcome<unknown>["result"]): string {
  return result.kind === "failed" ? (result.error as Error).message : "done";
}

Deno.test("a step is its program with its input and a limit of time; its end is told", async () => {
  const { session, result, events, told } = await run({ stdin: Uint8Array.of(1) }, {});
  const id = "a: reboot";
  assertEquals(told, [{ type: "step", id, title: id }, { type: "done", id }]);
  assertEquals([result.kind, events], ["done", ["step", "done"]]);
  assertEquals(session.programs, [{
    argv: ["doas", "reboot"],
    stdin: Uint8Array.of(1),
    deadline: 60,
    outputLimit: 1 << 20,
  }]);
  assertEquals("stdin" in (await run({}, {})).session.programs[0]!, false);
});

Deno.test("a step whose program fails says what the host said, without what drives a terminal", async () => {
  const failed = await run({}, { code: 1, stderr: " no\x1b[2J \n" });
  assertEquals(messageOf(failed.result), 'Cannot reboot on "a": no\\x1b[2J');
  assertEquals(failed.events, ["step"]);
  assertEquals(messageOf((await run({}, { code: 1 })).result), 'Cannot reboot on "a": it failed');
  const ended = await run({}, { signal: "SIGKILL" });
  assertEquals(messageOf(ended.result), 'Cannot reboot on "a": it failed');
  const long = await run({}, { code: 1, stderr: "x".repeat(600) });
  assertEquals(messageOf(long.result), `Cannot reboot on "a": ${"x".repeat(512)}`);
});

Deno.test("a host may go away before it answers only where the step says so", async () => {
  const error = new TowerError("unreachable", "Cannot reach it");
  assertEquals((await run({ mayDisconnect: true }, { error })).result.kind, "done");
  assertEquals(messageOf((await run({}, { error })).result), "Cannot reach it");
  for (
    const other of [new TowerError("untrusted", "another key"), new TypeError("another fault")]
  ) {
    const { result } = await run({ mayDisconnect: true }, { error: other });
    assertEquals(messageOf(result), other.message);
  }
  const { result } = await run({ mayDisconnect: true }, { code: 1 });
  assert(result.kind === "failed" && result.error instanceof TowerError);
});

Deno.test("the groups of a plan come one after another, each with all its outcomes", async () => {
  const order: string[] = [];
  const plan = [[step(HOSTS[1]!), step(HOSTS[0]!)], [step(HOSTS[2]!)]];
  const outcomes = await runPlan(plan, (host) => {
    order.push(host.name);
    return new TestSession([host.name === "b" ? { code: 1 } : {}], host);
  }, { ...options, reporter: { report() {} } });
  assertEquals(kinds(outcomes), ["b failed", "a done", "c done"]);
  assertEquals(order.at(-1), "c");
});
