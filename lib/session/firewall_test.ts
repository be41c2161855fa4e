import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { positionOfHost, STATE_LIMIT, wantedRules } from "../fleet/firewall.ts";
import { testHost } from "../fleet/test_host.ts";
import { changeRules, gatherRules, type RulesTarget } from "./firewall.ts";
import { type TestAnswer, TestSession } from "./test_session.ts";

const WANTED = wantedRules(positionOfHost(testHost("web").env), undefined);
const STATE = {
  running: { ipv4: new Map(), ipv6: new Map() },
  kept: { ipv4: "", ipv6: "", settings: "" },
  settings: [],
  isLoadedAtStart: true,
} as const;
const AWAY = { error: new TowerError("unreachable", "Cannot reach it") };

function target(...answers: TestAnswer[]): RulesTarget & { readonly session: TestSession } {
  return { name: "web", session: new TestSession(answers), asRoot: ["doas"] };
}

Deno.test("rules are asked for as root, within bounds", async () => {
  const there = target({ stdout: "=services\n|iptables\n|ip6tables\n" });
  assertEquals((await gatherRules(there, WANTED)).isLoadedAtStart, true);
  const [program] = there.session.programs;
  assertEquals(program!.argv.slice(0, 3), ["doas", "sh", "-c"]);
  assertEquals([program!.deadline, program!.outputLimit], [30, STATE_LIMIT]);
  for (
    const [answer, said] of [
      [{ code: 1, stderr: "doas: \x1b[2J\n" }, 'Cannot look at the rules of "web": doas: \\x1b[2J'],
      [{ code: 1 }, 'Cannot look at the rules of "web": it failed'],
      [{ signal: "SIGKILL" }, 'Cannot look at the rules of "web": it failed'],
    ] as const
  ) {
    const error = await assertRejects(() => gatherRules(target(answer), WANTED), TowerError);
    assertEquals(error.message, said);
    assertEquals(error.hint, undefined);
  }
});

Deno.test("rules are loaded, then kept by another program with the same token", async () => {
  const there = target({}, { stdout: "net.a\n\nnet.b\x07\n" });
  assertEquals(await changeRules(there, WANTED, STATE, 30), ["net.a", "net.b\\x07"]);
  const [load, confirm, ...more] = there.session.programs;
  assertEquals(more, []);
  const [token, timeout] = load!.argv.slice(-2);
  assertEquals([timeout, confirm!.argv.at(-1)], ["30", token]);
  assertMatch(token!, /^[0-9a-f]{32}$/);
  const other = target({});
  await changeRules(other, WANTED, STATE, 30);
  assertNotEquals(other.session.programs[0]!.argv.at(-2), token);
});

Deno.test("rules that were not loaded are not kept, and the hint says what becomes of them", async () => {
  const there = target({ code: 1 });
  const error = await assertRejects(() => changeRules(there, WANTED, STATE, 30), TowerError);
  assertEquals(error.message, 'Cannot load the rules of "web": it failed');
  assertEquals(error.hint, "If they were loaded, the old rules are back 30 s after that");
  assertEquals(there.session.programs.length, 1);
});

Deno.test("a host that is away for a moment is tried again, as long as it waits", async () => {
  const back = target({}, AWAY, { stdout: "" });
  assertEquals(await changeRules(back, WANTED, STATE, 30), []);
  assertEquals(back.session.programs.length, 3);
  const gone = target({}, AWAY);
  const error = await assertRejects(() => changeRules(gone, WANTED, STATE, 0.4), TowerError);
  assertEquals(error.code, "unreachable");
  assertEquals(error.cause, AWAY.error);
  assertEquals(error.hint, "It takes its old rules back 0.4 s after it loaded these");
  assertEquals(gone.session.programs.length, 2);
});

Deno.test("what is no absence is not tried again: the machine takes its old rules back", async () => {
  for (
    const [answer, code] of [
      [{ code: 1, stderr: "too late" }, "tool"],
      [{ error: new TowerError("untrusted", "another key") }, "untrusted"],
      [{ error: new TypeError("fault") }, "tool"],
    ] as const
  ) {
    const there = target({}, answer);
    const error = await assertRejects(() => changeRules(there, WANTED, STATE, 30), TowerError);
    assertEquals([error.code, there.session.programs.length], [code, 2]);
    assertEquals(
      error.message,
      'Cannot keep the new rules of "web": no new connection confirmed them',
    );
  }
});
