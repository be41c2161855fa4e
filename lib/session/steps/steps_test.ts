import { assert, assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../../errors.ts";
import type { CommitStep, ForwardStep, RebootStep, Step } from "../../fleet/operations/step.ts";
import type { Clock, StepContext } from "./handler.ts";
import { doStep } from "./handlers.ts";
import { type TestAnswer, TestSession } from "../test_session.ts";

const AWAY = { error: new TowerError("unreachable", "Cannot reach it") };

/** A machine that answers in order, and a clock that goes on by pauses alone. */
function machine(...answers: TestAnswer[]) {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    pause: (milliseconds) => Promise.resolve(void (now += milliseconds)),
  };
  const stop = new AbortController();
  const session = new TestSession(answers);
  const context = (signal: AbortSignal): StepContext => ({
    session,
    machine: "web",
    signal,
    clock,
    run: async (steps, signal) => {
      for (const step of steps) await doStep(step, context(signal));
      return ["inner"];
    },
  });
  const run = (step: Step) => doStep(step, context(stop.signal));
  return { session, stop, run, now: () => now };
}

Deno.test("put hands a file over by standard input, with its size and permissions", async () => {
  const { session, run } = machine({});
  const bytes = new TextEncoder().encode("secret");
  const become = ["doas"];
  await run({ kind: "put", title: "store it", path: "/etc/it", bytes, mode: 0o640, become });
  const [program] = session.programs;
  assertEquals(program!.argv.slice(0, 3), ["doas", "sh", "-c"]);
  assertEquals(program!.argv.slice(4), ["tower-put", "/etc/it", "640", "6"]);
  assertEquals(program!.stdin, bytes);
  assert(!program!.argv.join().includes("secret"));
});

Deno.test("get takes no more than its limit, and nothing of what failed", async () => {
  const { session, run } = machine({ code: 1, stderr: "no such file\n" });
  const step = {
    kind: "get",
    title: "fetch it",
    path: "/etc/it",
    limit: 5,
    to: "/nowhere/it",
    become: [],
  } as const;
  const error = await assertRejects(() => run(step), TowerError);
  assertEquals(error.message, 'Cannot fetch it on "web": no such file');
  assertEquals(session.programs, [{
    argv: ["cat", "--", "/etc/it"],
    deadline: 60,
    outputLimit: 5,
  }]);
});

const REBOOT: RebootStep = {
  kind: "reboot",
  title: "reboot",
  argv: ["doas", "reboot"],
  until: { backWithin: 60 },
};

Deno.test("a reboot waits until the machine was started anew, not only until it answers", async () => {
  const old = { stdout: "1111\n" };
  const back = machine(old, AWAY, old, AWAY, AWAY, { stdout: "2222\n" });
  assertEquals(await back.run(REBOOT), []);
  assertEquals(back.session.programs.map(({ argv }) => argv[0]), [
    ...["cat", "doas", "cat", "cat", "cat", "cat"],
  ]);
  const never = machine(old, {}, old);
  const error = await assertRejects(() => never.run(REBOOT), TowerError);
  assertEquals(error.message, 'Cannot reach "web": it was not started anew within 60 s');
  assertEquals(never.now(), 60_000);
  const other = machine(old, AWAY, { error: new TowerError("untrusted", "another key") });
  await assertRejects(() => other.run(REBOOT), TowerError, "another key");
  const mute = machine({ code: 1, stderr: "no such file" });
  await assertRejects(() => mute.run(REBOOT), TowerError, "Cannot read the id of its start");
  assertEquals(mute.session.programs.length, 1);
  const refused = machine(old, { code: 1, stderr: "not permitted" });
  await assertRejects(() => refused.run(REBOOT), TowerError, "not permitted");
});

const COMMIT: CommitStep = {
  kind: "commit",
  title: "load it",
  argv: ["load"],
  confirm: { title: "keep it", argv: ["confirm"] },
  undo: 30,
  unheard: { change: "it may be loaded", confirm: "it may be kept" },
};

Deno.test("a change is confirmed by another program, and tells what that says", async () => {
  const { session, run } = machine({}, { stdout: "net.a\n\nnet.b\x07\n" });
  assertEquals(await run(COMMIT), ["net.a", "net.b\\x07"]);
  assertEquals(session.programs.map(({ argv }) => argv[0]), ["load", "confirm"]);
});

Deno.test("a change that was refused or not heard of is not confirmed", async () => {
  for (
    const [answer, said, hint] of [
      [{ code: 1, stderr: "busy" }, "busy", undefined],
      [{ signal: "SIGKILL" }, "no answer came", "it may be loaded"],
      [AWAY, "no answer came", "it may be loaded"],
    ] as const
  ) {
    const { session, run } = machine(answer);
    const error = await assertRejects(() => run(COMMIT), TowerError);
    assertEquals([error.message, error.hint], [`Cannot load it of "web": ${said}`, hint]);
    assertEquals(session.programs.length, 1);
  }
});

Deno.test("a confirmation is tried as long as the machine waits, where it is away alone", async () => {
  const back = machine({}, AWAY, AWAY, {});
  assertEquals(await back.run(COMMIT), []);
  const gone = machine({}, AWAY);
  const error = await assertRejects(() => gone.run(COMMIT), TowerError);
  assertEquals([error.code, error.message, error.hint, error.cause], [
    ...["unreachable", 'Cannot keep it of "web": no answer came', "it may be kept"],
    AWAY.error,
  ]);
  assertEquals([gone.now(), gone.session.programs.length], [29_500, 61]);
  for (const answer of [{ code: 1 }, { error: new TowerError("untrusted", "another key") }]) {
    const once = machine({}, answer);
    await assertRejects(() => once.run(COMMIT), TowerError, "Cannot keep it");
    assertEquals(once.session.programs.length, 2);
  }
});

const INNER: Step = { kind: "exec", title: "install", argv: ["apk"] };
const FORWARD: ForwardStep = {
  kind: "forward",
  title: "open a way",
  at: "host",
  listen: 4443,
  to: 8080,
  steps: [INNER],
};

Deno.test("a tunnel is open while its steps are done, and closed after that", async () => {
  const { session, run } = machine({});
  assertEquals(await run(FORWARD), ["inner"]);
  assertEquals(session.programs.map(({ argv }) => argv[0]), ["apk"]);
  const [tunnel] = session.tunnels;
  const { at, listen, to } = tunnel!.forward;
  assertEquals([at, listen, to, tunnel!.isOpen], ["host", 4443, 8080, false]);
});

Deno.test("a tunnel closes where a step fails, and where all is interrupted", async () => {
  const failing = machine({ code: 1, stderr: "no space" });
  await assertRejects(() => failing.run(FORWARD), TowerError, "no space");
  assertEquals(failing.session.tunnels[0]!.isOpen, false);
  const waiting = machine({ hangs: true });
  const work = waiting.run(FORWARD);
  while (waiting.session.programs.length === 0) await Promise.resolve();
  const reason = new TowerError("interrupted", "Ctrl-C");
  waiting.stop.abort(reason);
  assertEquals(await assertRejects(() => work), reason);
  assertEquals(waiting.session.tunnels[0]!.isOpen, false);
});

Deno.test("a link that is lost ends the step in its tunnel, which would wait for ever", async () => {
  const { session, run } = machine({ hangs: true });
  const work = run(FORWARD);
  while (session.programs.length === 0) await Promise.resolve();
  const cause = new TowerError("unreachable", "Cannot reach it");
  session.tunnels[0]!.lose(cause);
  const error = await assertRejects(() => work, TowerError);
  assertEquals([error.code, error.message, error.cause], [
    ...["unreachable", 'Cannot go on with "web": the tunnel to it is gone'],
    cause,
  ]);
});
