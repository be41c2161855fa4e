import { Command, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `firewall`: the rules of the tower, and what they allow. */
export function firewallCommand(env: Env, ending: Ending) {
  const firewall = new Command("firewall").description(
    "Show the tower's packet filters, and what they allow.",
  );
  firewall.addCommand(showCommand(env));
  firewall.addCommand(checkCommand(env, ending));
  return firewall;
}

function showCommand(env: Env) {
  return new Command("show")
    .description("Print the rules of a role or host, as iptables-restore takes them.")
    .argument("<role|host>", "thinclient, router, online, offline, or a host")
    .addOption(
      new Option("--family <family>").choices(["ipv4", "ipv6"] as const).default("ipv4" as const),
    )
    .option("--one-cable", "for a thin client with one cable", false)
    .option("--json", "as JSON", false)
    .action(async (subject, { family, json, ...cables }) => {
      const { canonicalJson } = await import("../../lib/json.ts");
      const { linksOf, ONE_CABLE_WARNING, rulesText } = await import("../firewall.ts");
      const { openFleet } = await import("../fleet.ts");
      const { addressPlan } = await import("../networks.ts");
      const { inventory, place } = await openFleet(env);
      if (cables.oneCable) env.stderr.write(`warning: ${ONE_CABLE_WARNING}\n`);
      const rules = rulesText(subject, family, inventory, addressPlan(place), linksOf(cables));
      env.stdout.write(json ? `${canonicalJson({ subject, family, rules }, 2)}\n` : rules);
    });
}

function checkCommand(env: Env, ending: Ending) {
  return new Command("check")
    .description("Say whether a machine may reach another by the rules. Exit status 1: it may not.")
    .argument("<from>", "a host, thinclient or internet")
    .argument("<to>", "the same with :PORT or :PORT/udp; without a port for ping")
    .option("--one-cable", "for a thin client with one cable", false)
    .option("--json", "as JSON", false)
    .action(async (from, to, { json, ...cables }) => {
      const { canonicalJson } = await import("../../lib/json.ts");
      const { checkReach, linksOf, ONE_CABLE_WARNING } = await import("../firewall.ts");
      const { openFleet } = await import("../fleet.ts");
      const { addressPlan } = await import("../networks.ts");
      const { inventory, place } = await openFleet(env);
      if (cables.oneCable) env.stderr.write(`warning: ${ONE_CABLE_WARNING}\n`);
      const verdict = checkReach(from, to, inventory, addressPlan(place), linksOf(cables));
      if (!verdict.allowed) ending.code = 1;
      const line = `${from} to ${to}: ${verdict.allowed ? "yes" : "no"}, ${verdict.why}\n`;
      env.stdout.write(json ? `${canonicalJson({ from, to, ...verdict }, 2)}\n` : line);
    });
}
