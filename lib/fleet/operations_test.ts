import { assertEquals, assertThrows } from "@std/assert";
import { planClocks } from "./clock.ts";
import { planPoweroff, planReboot } from "./power.ts";
import type { HostFacts } from "./host_facts.ts";
import { testHost } from "./test_host.ts";

const ROUTER = testHost("router", "192.168.2.1");
const MAIL = testHost("mail");
const VAULT = testHost("vault", "192.168.3.200", "offline");
const names = (plan: ReturnType<typeof planPoweroff>) =>
  plan.map((group) => group.map((step) => step.host.name as string));

Deno.test("E22: the router is powered off after all others, and started before them", () => {
  assertEquals(names(planPoweroff([ROUTER, MAIL, VAULT])), [["mail", "vault"], ["router"]]);
  assertEquals(names(planReboot([ROUTER, MAIL, VAULT])), [["router"], ["mail", "vault"]]);
  assertEquals(planPoweroff([]), []);
  assertEquals(planPoweroff([MAIL])[0]![0]!.mayDisconnect, true);
});

Deno.test("A1: a clock is set by a number of our own; no text of a host gets into a command", () => {
  const facts = (time: number | null) => ({ time }) as HostFacts;
  const now = 1_700_000_000;
  const plan = planClocks([
    { host: ROUTER, facts: facts(5e9) },
    { host: VAULT, facts: facts(1_600_000_000) },
  ], now);
  assertEquals(plan.map((g) => g.map((s) => s.argv)), [[["doas", "date", "-u", "-s", `@${now}`]]]);
  assertEquals(
    planClocks([{ host: VAULT, facts: facts(now + 1) }], now),
    [],
    "nothing to do twice",
  );
  assertThrows(() => planClocks([], Number("1; reboot")), RangeError);
});
