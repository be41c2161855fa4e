import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { positionOfHost, STATE_LIMIT, wantedRules } from "../fleet/firewall.ts";
import { testHost } from "../fleet/test_host.ts";
import { changeRules, gatherRules, type RulesTarget } from "./firewall.ts";
import { type TestAnswer, TestSession } from "./test_session.ts";

const WANTED = wantedRules(positionOfHost(testHost("web").env), undefined);
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
      [{ signal: "SIGKILL" }, 'Cannot look at the rules of "web": no answer came'],
    ] as const
  ) {
    const error = await assertRejects(() => gatherRules(target(answer), WANTED), TowerError);
    assertEquals(error.message, said);
    assertEquals(error.hint, undefined);
  }
});

Deno.test("rules are loaded, then kept by another program with the same token", async () => {
  const there = target({}, { stdout: "net.a\n\nnet.b\x07\n" });
  assertEquals(await changeRules(there, WANTED, 30), ["net.a", "net.b\\x07"]);
  const [load, confirm, ...more] = there.session.programs;
  assertEquals(more, []);
  const [token, timeout] = load!.argv.slice(-2);
  assertEquals([timeout, confirm!.argv.at(-1)], ["30", token]);
  assertMatch(token!, /^[0-9a-f]{32}$/);
  const other = target({});
  await changeRules(other, WANTED, 30);
  assertNotEquals(other.session.programs[0]!.argv.at(-2), token);
});

Deno.test("rules that were not loaded are not kept; where the host did not say so, a hint does", async () => {
  const refusal = target({ code: 1, stderr: "another change waits" });
  const refused = await assertRejects(() => changeRules(refusal, WANTED, 30), TowerError);
  assertEquals(refused.message, 'Cannot load the rules of "web": another change waits');
  assertEquals(refused.hint, undefined);
  assertEquals(refusal.session.programs.length, 1);
  for (const [answer, code] of [[AWAY, "unreachable"], [{ signal: "SIGKILL" }, "tool"]] as const) {
    const there = target(answer);
    const error = await assertRejects(() => changeRules(there, WANTED, 30), TowerError);
    assertEquals([error.code, error.message], [
      code,
      'Cannot load the rules of "web": no answer came',
    ]);
    assertEquals(error.hint, "If they were loaded, the old rules are back 30 s after that");
    assertEquals(there.session.programs.length, 1);
  }
});

Deno.test("a host that is away for a moment is tried again, as long as it waits", async () => {
  const back = target({}, AWAY, { stdout: "" });
  assertEquals(await changeRules(back, WANTED, 30), []);
  assertEquals(back.session.programs.length, 3);
  const gone = target({}, AWAY);
  const error = await assertRejects(() => changeRules(gone, WANTED, 0.4), TowerError);
  assertEquals(error.code, "unreachable");
  assertEquals(error.cause, AWAY.error);
  assertEquals(
    error.hint,
    "It has its old rules again 0.4 s after it loaded these, unless it heard the confirmation; " +
      "what is in force: tower firewall apply web --dry-run",
  );
  assertEquals(gone.session.programs.length, 2);
});

Deno.test("what is no absence is not tried again: the machine takes its old rules back", async () => {
  for (
    const [answer, code, said] of [
      [{ code: 1, stderr: "too late" }, "tool", "too late"],
      [{ error: new TowerError("untrusted", "another key") }, "untrusted", "no answer came"],
      [{ error: new TypeError("fault") }, "tool", "no answer came"],
    ] as const
  ) {
    const there = target({}, answer);
    const error = await assertRejects(() => changeRules(there, WANTED, 30), TowerError);
    assertEquals([error.code, there.session.programs.length], [code, 2]);
    assertEquals(error.message, `Cannot keep the new rules of "web": ${said}`);
  }
});
