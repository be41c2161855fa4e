import { assertEquals } from "@std/assert";
import { TOWER_PLAN } from "../../../lib/address_plan/address_plan.ts";
import { PROGRAMS, renderRestore } from "../../../lib/firewall/restore.ts";
import { positionOf, ROLES, rulesetOf, TWO_CABLES } from "../../../lib/firewall/roles.ts";
import type { FamilyRules, PassingMatch, Ruleset } from "../../../lib/firewall/ruleset.ts";
import { sysctlsOf } from "../../../lib/hardening/sysctls.ts";
import { OPEN_RULESET } from "../../../lib/firewall/tower_network.ts";
import { ipNetwork } from "../../../lib/ip/address.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const absent = [
  "iptables-restore",
  "ip6tables-restore",
  "iptables-save",
  "ip6tables-save",
  "unshare",
]
  .filter((program) => !runner.which(program));
const options = { ignore: absent.length > 0 };
const skipped = absent.length > 0 ? ` (skipped: no ${absent.join(", ")})` : "";
const FAMILIES = ["ipv4", "ipv6"] as const;

/** Lets the real program check, load and save a text; the tables of a save in a fixed order. */
async function roundTrip(
  space: NetworkNamespace,
  family: (typeof FAMILIES)[number],
  text: string,
): Promise<string> {
  const { restore, save } = PROGRAMS[family];
  const stdin = new TextEncoder().encode(text);
  await runner.run(space.inside({ argv: [restore, "--test"], stdin }));
  await runner.run(space.inside({ argv: [restore], stdin }));
  return tables(await space.run(save));
}

/** The tables of a text without comments and counters, in the order of their names. */
function tables(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.join("\n").replace(/\[\d+:\d+\]/g, "[0:0]").split(/(?<=^COMMIT)\n/m).sort()
    .join("\n");
}

Deno.test({
  ...options,
  name: `iptables-save gives back the text of every role, in both families${skipped}`,
  async fn() {
    for (const role of ROLES) {
      await using space = await NetworkNamespace.create(runner);
      const ruleset = rulesetOf(positionOf(role, TOWER_PLAN, TWO_CABLES));
      for (const family of FAMILIES) {
        const text = renderRestore(ruleset, family);
        assertEquals(await roundTrip(space, family, text), tables(text), `${role} ${family}`);
      }
    }
  },
});

const SEED = 20241120;

/** A ruleset of up to 40 rules that use all that a rule can say. */
function randomRuleset(random: ReturnType<typeof randomNumbers>, family: "ipv4" | "ipv6"): Ruleset {
  const nets = family === "ipv4"
    ? ["10.0.0.0/8", "192.168.2.7/32", "224.0.0.0/3"]
    : ["fe80::/10", "2001:db8:0:1::/64", "ff02::1/128", "::1/128"];
  const maybe = <T>(value: () => T) => random.below(2) === 0 ? undefined : value();
  const port = () => {
    const first = random.below(65535);
    return random.below(2) === 0 ? first : { first, last: first + 1 };
  };
  const icmp = family === "ipv4" ? "icmp" : "icmpv6";
  const match = (): PassingMatch => {
    const parts = {
      source: maybe(() => ipNetwork(random.pick(nets))),
      destination: maybe(() => ipNetwork(random.pick(nets))),
      protocol: maybe(() =>
        random.pick([
          { name: "tcp" as const },
          { name: "udp" as const, port: port() },
          { name: "tcp" as const, port: port() },
          { name: icmp, type: random.pick([0, 3, 8, 128, 135]) } as const,
        ])
      ),
      states: maybe(() =>
        random.pick([["NEW"], ["UNTRACKED", "INVALID"], ["ESTABLISHED", "RELATED", "NEW"]] as const)
      ),
      in: maybe(() => random.pick(["eth0", "wlan0.7", "br-lan"])),
    };
    return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
  };
  const rules = Array.from({ length: random.below(40) }, () => ({
    match: match(),
    verdict: random.pick(["ACCEPT", "DROP"] as const),
  }));
  const filter: FamilyRules["filter"] = {
    ...OPEN_RULESET[family].filter,
    forward: { policy: "DROP", rules },
  };
  return { ...OPEN_RULESET, [family]: { filter, masquerade: [] } };
}

Deno.test({
  ...options,
  name: `iptables-save gives back the text of rulesets made at random${skipped}`,
  async fn() {
    const random = randomNumbers(SEED);
    await using space = await NetworkNamespace.create(runner);
    for (let i = 0; i < 40; i++) {
      for (const family of FAMILIES) {
        const text = renderRestore(randomRuleset(random, family), family);
        const saved = await roundTrip(space, family, text);
        assertEquals(saved, tables(text), `seed ${SEED}, case ${i}`);
      }
    }
  },
});

const noRoot = rootMissing();

Deno.test({
  ignore: noRoot !== undefined || absent.length > 0,
  name: "a kernel takes every network setting of every role, and all hold in the end" +
    (noRoot ? ` (skipped: ${noRoot})` : skipped),
  async fn() {
    for (const role of ROLES) {
      await using space = await NetworkNamespace.create(runner);
      const lines = sysctlsOf(role, "x86_64").filter((line) => line.startsWith("net.ipv"));
      const files = lines.map((line) => {
        const [key = "", value = ""] = line.split(" = ");
        return { file: `/proc/sys/${key.replaceAll(".", "/")}`, value };
      });
      const all = (command: string) =>
        files.map(({ file, value }) => `${command} ${value} ${file}`);
      const write = all("w").join("\n");
      await space.run("sh", "-ec", `w() { echo "$1" > "$2"; }\n${write}`);
      const read = await space.run("sh", "-ec", `r() { cat "$2"; }\n${all("r").join("\n")}`);
      assertEquals(read.trim().split("\n"), files.map(({ value }) => value), role);
    }
  },
});
