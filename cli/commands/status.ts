import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `status [HOST...]`: how hosts are, all at once. */
export function statusCommand(env: Env, ending: Ending) {
  return new Command("status")
    .description("Show how hosts are: up or down, load, memory, disk, clock.")
    .argument("[host...]", "only these (default: all)")
    .option("--host <host>", "as TowerOS has it: the same as an argument")
    .option("--watch", "look again every 10 seconds", false)
    .option("--json", "as JSON", false)
    .action(async (hosts, { host, ...options }) => {
      const { showStatus } = await import("../status.ts");
      await showStatus(host === undefined ? hosts : [...hosts, host], options, env, ending);
    })
    .addHelpText("after", helpEnd("Exit status 3: a host has a wrong key or gave a wrong answer."));
}
