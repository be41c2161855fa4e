import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { planClocks } from "./clock.ts";
import { planDeprovision, shownDeprovision } from "./deprovision.ts";
import { shownSteps } from "./shown_step.ts";
import { planPoweroff, planReboot } from "./power.ts";
import type { HostFacts } from "../facts/host_facts.ts";
import { testHost } from "../test_host.ts";

const ROUTER = testHost("router", "192.168.2.1");
const MAIL = testHost("mail");
const VAULT = testHost("vault", "192.168.3.200", "offline");
const names = (plan: ReturnType<typeof planPoweroff>) =>
  plan.map((group) => group.map(({ host }) => host.name as string));

Deno.test("E22: the router is powered off after all others, and started before them", () => {
  assertEquals(names(planPoweroff([ROUTER, MAIL, VAULT])), [["mail", "vault"], ["router"]]);
  assertEquals(names(planReboot([ROUTER, MAIL, VAULT])), [["router"], ["mail", "vault"]]);
  assertEquals(planPoweroff([]), []);
  const [step] = planPoweroff([MAIL])[0]![0]!.steps;
  assertEquals(step, {
    kind: "reboot",
    title: "power off",
    argv: ["doas", "poweroff"],
    until: "asked",
  });
});

/** What a host told of its clock, and this machine's time then. */
const told = (host: typeof VAULT, time: number | null, askedAt = 1_800_000_000) => ({
  host,
  facts: { time } as HostFacts,
  askedAt,
});

Deno.test("A1: a clock is set by a number of our own; no text of a host gets into a command", () => {
  const now = 1_800_000_000;
  const plan = planClocks([told(ROUTER, 5e9), told(VAULT, 1_700_000_000)], now);
  assertEquals(shownSteps(plan).map(({ host, argv }) => [host, ...argv]), [
    ["vault", "doas", "date", "-u", "-s", `@${now}`],
  ]);
  assertEquals(planClocks([told(VAULT, now + 1)], now), [], "nothing to do twice");
  assertThrows(() => planClocks([], Number("1; reboot")), RangeError);
});

Deno.test("a clock of 1970, of 2040 or none is set; one that was right when it was asked is not", () => {
  const now = 1_800_000_060;
  for (const time of [0, 2_208_988_800, null]) {
    assertEquals(planClocks([told(VAULT, time)], now).flat().length, 1, String(time));
  }
  assertEquals(planClocks([told(VAULT, 1_800_000_000)], now), []);
});

Deno.test("a machine that has lost its own time gives it to nobody, and says so", () => {
  const lost = () => planClocks([told(VAULT, 1_800_000_000, 30)], 30);
  const error = assertThrows(lost, TowerError, "this machine's own says 1970-01-01T00:00:30.000Z");
  assertEquals(error.code, "unsupported");
  assertEquals(planClocks([told(ROUTER, 1_800_000_000, 30)], 30), [], "nobody asks it");
});

Deno.test("a host leaves a tower powered off where it is up, and is forgotten in any case", () => {
  const shown = (up: (typeof MAIL)[]) =>
    shownDeprovision(planDeprovision(MAIL.name, up, "/t/hosts/mail"));
  const forget =
    "remove /t/hosts/mail with its keys, and mail from SSH's configuration and known hosts";
  assertEquals(shown([]), [forget]);
  const argv = ["doas", "poweroff"] as const;
  assertEquals(shown([MAIL]), [{ host: "mail", title: "power off", argv }, forget]);
});
