import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { RacedMachine, raceRules } from "../../support/firewall/firewall_races.ts";
import { provisionedTowerMissing } from "../../support/fleet/provisioned_tower.ts";

const runner = denoRunner();
const missing = provisionedTowerMissing(runner);
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;
const SEED = Number(Deno.env.get("TOWER_SEED") ?? 20261127);

Deno.test({
  name: `changes of rules that race and are killed leave one whole set in both families${note}`,
  ignore,
  fn: () => raceRules(runner, 5, SEED),
});

Deno.test({
  name: `a confirmation is answered by what became of its change, however late or often${note}`,
  ignore,
  async fn() {
    await using machine = await RacedMachine.create(runner);
    const told = async (token: string) => (await machine.confirm(token)).text.trim();
    assertEquals(await machine.load("first", "a1"), { code: 0, text: "" });
    assertEquals(await machine.settled(), { running: "old", kept: "old" });
    assertEquals(await told("a1"), "it took too long; the old rules are back");
    assertEquals((await machine.load("first", "a2", undefined, 20)).code, 0);
    const busy = await machine.load("second", "b1");
    assertEquals(busy.text, "another change of its rules waits for its confirmation\n");
    for (let i = 0; i < 2; i++) assertEquals((await machine.confirm("a2")).code, 0);
    assertEquals(await machine.settled(), { running: "first", kept: "first" });
    assertEquals((await machine.load("second", "c1")).code, 0);
    assertEquals((await machine.confirm("a2")).code, 0, "one change after it");
    await machine.settled();
    assertEquals((await machine.load("second", "d1")).code, 0);
    await machine.start();
    assertStringIncludes(await told("d1"), "it knows of no such change: it was started anew");
    assertEquals(await machine.settled(), { running: "first", kept: "first" });
    const left = await machine.run("find /run/tower* /etc/iptables -type f | sort");
    assertEquals(left.replaceAll(/tower-rules\.[0-9a-f]+/g, "tower-rules.T").trim().split("\n"), [
      "/etc/iptables/tower-rules.T/rules-save",
      "/etc/iptables/tower-rules.T/rules6-save",
    ]);
  },
});

Deno.test({
  name: `of rules that break off on their way none are loaded${note}`,
  ignore,
  async fn() {
    await using machine = await RacedMachine.create(runner);
    const { argv, stdin } = machine.loading("first", "e1");
    const lines = new TextDecoder().decode(stdin).split("\n");
    const firstFamily = lines.findIndex((line) => line.startsWith("new6|"));
    for (const length of [0, firstFamily, lines.length - 2]) {
      const part = lines.slice(0, length).map((line) => `${line}\n`).join("");
      const said = await machine.ask({ argv, stdin: new TextEncoder().encode(part) });
      assertEquals(said, { code: 1, text: "it did not hear all of the new rules\n" });
      assertEquals(await machine.settled(), { running: "old", kept: "old" });
    }
  },
});
