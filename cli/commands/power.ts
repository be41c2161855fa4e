import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `poweroff [HOST...]`: hosts that are up, the router last. */
export function poweroffCommand(env: Env, ending: Ending) {
  return hostsCommand("poweroff", "Power hosts off that are up, the router last.")
    .action(async (hosts, { host, ...options }) => {
      const { planAndRun } = await import("../power.ts");
      const { upHosts } = await import("../../lib/fleet/facts/host_status.ts");
      const { planPoweroff } = await import("../../lib/fleet/operations/power.ts");
      const names = host === undefined ? hosts : [...hosts, host];
      await planAndRun(names, "done", (s) => planPoweroff(upHosts(s)), options, { env, ending });
    });
}

/** `reboot [HOST...]`: hosts that are up, the router first. */
export function rebootCommand(env: Env, ending: Ending) {
  return hostsCommand("reboot", "Start hosts anew that are up, the router first.")
    .action(async (hosts, { host, ...options }) => {
      const { planAndRun } = await import("../power.ts");
      const { upHosts } = await import("../../lib/fleet/facts/host_status.ts");
      const { planReboot } = await import("../../lib/fleet/operations/power.ts");
      const names = host === undefined ? hosts : [...hosts, host];
      await planAndRun(names, "failed", (s) => planReboot(upHosts(s)), options, { env, ending });
    });
}

/** `synctime`: the thin client's clock to offline hosts. */
export function synctimeCommand(env: Env, ending: Ending) {
  return new Command("synctime")
    .description("Give this machine's time to the offline hosts that are up.")
    .option("--dry-run", "show the steps", false)
    .option("--json", "as JSON", false)
    .action(async (options) => {
      const { planAndRun } = await import("../power.ts");
      const { planClocks } = await import("../../lib/fleet/operations/clock.ts");
      const now = () => Math.floor(Date.now() / 1000);
      await planAndRun(
        [],
        "done",
        (statuses) => planClocks(statuses.flatMap((s) => s.state === "up" ? [s] : []), now()),
        options,
        { env, ending },
      );
    });
}

function hostsCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .argument("[host...]", "only these (default: all)")
    .option("--host <host>", "as TowerOS has it: the same as an argument")
    .option("--dry-run", "show the steps", false)
    .option("--json", "as JSON", false);
}
