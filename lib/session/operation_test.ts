import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { upHosts } from "../fleet/facts/host_status.ts";
import type { Host } from "../fleet/host.ts";
import { planPoweroff } from "../fleet/operations/power.ts";
import { testHost } from "../fleet/test_host.ts";
import { silent } from "../report/event.ts";
import type { Fleet } from "./fleet.ts";
import { lookAt } from "./look.ts";
import { planForHosts, runOnHosts } from "./operation.ts";
import { type TestAnswer, TestSession } from "./test_session.ts";
import { waitForHost } from "./wait.ts";

const FACTS = '{"agent":1,"time":1700000000,"system":"x","kernel":"6","load":"0.01",' +
  '"uptime":1,"processors":1,"memoryTotal":4,"memoryAvailable":3,"temperature":null,' +
  '"diskTotal":9,"diskUsed":1,"packages":1}';
const UP = { stdout: FACTS };
const AWAY = { error: new TowerError("unreachable", "Cannot reach it") };
const FORGED = { error: new TowerError("untrusted", "another key") };
const [ROUTER, WEB, MAIL] = [
  testHost("router", "192.168.2.1"),
  testHost("web", "192.168.2.200"),
  testHost("mail", "192.168.2.201"),
];

/** A fleet whose hosts answer in order, and what they were asked to run beside the facts. */
function fleet(...hosts: readonly (readonly [Host, ...TestAnswer[]])[]) {
  const sessions = new Map(hosts.map(([host, ...answers]) => [
    host.name,
    new TestSession(answers, host),
  ]));
  const inventory = { hosts: hosts.map(([host]) => host), broken: [] };
  const executor = { parallel: 1, signal: new AbortController().signal };
  const place = { folder: "/t" } as Fleet["place"];
  const session = (host: Host) => sessions.get(host.name)!;
  const asked = () =>
    [...sessions.values()].flatMap(({ host, programs }) =>
      programs.flatMap(({ argv }) => argv[0] === "doas" ? [`${host.name} ${argv[1]}`] : [])
    );
  return { fleet: { place, inventory, executor, session } satisfies Fleet, asked };
}

const poweroff = (statuses: Parameters<typeof upHosts>[0]) => planPoweroff(upHosts(statuses));

Deno.test("an operation is planned with the hosts that are up, and done on them alone", async () => {
  const { fleet: own, asked } = fleet([ROUTER, UP], [WEB, AWAY], [MAIL, UP]);
  const { plan, missed } = await planForHosts(own, [], "done", poweroff);
  assertEquals([asked(), missed], [[], []]);
  const outcomes = await runOnHosts(plan, own, silent);
  assertEquals(outcomes.map(({ host, result }) => [host.name, result.kind]), [
    ["mail", "done"],
    ["router", "done"],
  ]);
  assertEquals(asked(), ["router poweroff", "mail poweroff"]);
});

Deno.test("a host with a fault is missed; one that is down only where it was named, and matters", async () => {
  const missed = async (names: readonly string[], down: "done" | "failed") => {
    const { fleet: own } = fleet([WEB, AWAY], [MAIL, FORGED]);
    const planned = await planForHosts(own, names, down, poweroff);
    assertEquals(planned.plan, []);
    return planned.missed.map(({ host }) => host.name as string);
  };
  assertEquals(await missed([], "done"), ["mail"]);
  assertEquals(await missed([], "failed"), ["mail"]);
  assertEquals(await missed(["web", "mail"], "done"), ["mail"]);
  assertEquals(await missed(["web", "mail"], "failed"), ["web", "mail"]);
});

Deno.test("where there are no hosts at all nothing is planned", async () => {
  const { fleet: own } = fleet();
  const error = await assertRejects(() => planForHosts(own, [], "done", poweroff), TowerError);
  assertEquals([error.code, error.message], ["not-found", 'Cannot find a host in "/t"']);
});

Deno.test("of two hosts at one address the one that does not answer there is told of the other", async () => {
  const twin = testHost("twin", WEB.env.address);
  const { fleet: own } = fleet([WEB, UP], [twin, FORGED]);
  const [web, other] = await lookAt(own.inventory.hosts, own);
  assertEquals([web!.state, other!.state], ["up", "fault"]);
  const { error } = other as { error: TowerError };
  assertEquals([error.code, error.cause], ["conflict", FORGED.error]);
});

Deno.test("no time heals a wrong key; without time left an absence is told with its cause", async () => {
  const { fleet: own } = fleet([WEB, FORGED], [MAIL, AWAY], [ROUTER, UP]);
  assertEquals(await assertRejects(() => waitForHost(WEB, 0, own)), FORGED.error);
  const late = await assertRejects(() => waitForHost(MAIL, 1e-9, own), TowerError);
  assertEquals([late.code, late.cause], ["unreachable", AWAY.error]);
  assertEquals((await waitForHost(ROUTER, 0, own)).load, "0.01");
});
