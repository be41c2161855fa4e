import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `firewall`: the rules of the tower, and what they allow. */
export function firewallCommand(env: Env, ending: Ending) {
  const firewall = new Command("firewall").description(
    "Show and load the tower's packet filters, and tell what they allow.",
  );
  firewall.addCommand(showCommand(env));
  firewall.addCommand(checkCommand(env, ending));
  firewall.addCommand(applyCommand(env, ending));
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
      const { openFleet } = await import("../../lib/session/fleet.ts");
      const { addressPlan } = await import("../../lib/store/networks_file.ts");
      const { inventory, place } = await openFleet(env);
      if (cables.oneCable) env.notes.write(`warning: ${ONE_CABLE_WARNING}\n`);
      const rules = rulesText(subject, family, inventory, addressPlan(place), linksOf(cables));
      env.stdout.write(json ? `${canonicalJson({ subject, family, rules }, 2)}\n` : rules);
    });
}

function applyCommand(env: Env, ending: Ending) {
  return new Command("apply")
    .description(
      "Load the rules and kernel settings of a host's role, or of this machine as the thin client. " +
        "The old rules come back by themselves unless a new connection proves that access is left.",
    )
    .argument("[host]", "a host (default: this machine; only root may)")
    .option("--timeout <seconds>", "until the old rules come back", secondsOf, 30)
    .option("--one-cable", "for a thin client with one cable", false)
    .option("--dry-run", "show what differs", false)
    .option("--json", "as JSON", false)
    .action(async (host, options) => {
      const { applyFirewall } = await import("../firewall_apply.ts");
      await applyFirewall(host, options, env, ending);
    });
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 5 && seconds <= 600) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds from 5 to 600.");
}

function checkCommand(env: Env, ending: Ending) {
  return new Command("check")
    .description("Say whether a machine may reach another by the rules. Exit status 1: it may not.")
    .argument("<from>", "a host, thinclient or internet, or an address")
    .argument("<to>", "the same with :PORT or :PORT/udp; without a port for ping")
    .option("--one-cable", "for a thin client with one cable", false)
    .option("--json", "as JSON", false)
    .action(async (from, to, { json, ...cables }) => {
      const { canonicalJson } = await import("../../lib/json.ts");
      const { checkReach, linksOf, ONE_CABLE_WARNING } = await import("../firewall.ts");
      const { openFleet } = await import("../../lib/session/fleet.ts");
      const { addressPlan } = await import("../../lib/store/networks_file.ts");
      const { inventory, place } = await openFleet(env);
      if (cables.oneCable) env.notes.write(`warning: ${ONE_CABLE_WARNING}\n`);
      const verdict = checkReach(from, to, inventory, addressPlan(place), linksOf(cables));
      if (!verdict.allowed) ending.code = 1;
      const line = `${from} to ${to}: ${verdict.allowed ? "yes" : "no"}, ${verdict.why}\n`;
      env.stdout.write(json ? `${canonicalJson({ from, to, ...verdict }, 2)}\n` : line);
    });
}
