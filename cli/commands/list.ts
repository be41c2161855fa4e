import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `list`: the hosts, without asking them. */
export function listCommand(env: Env, ending: Ending) {
  return new Command("list")
    .description("List the hosts of this tower.")
    .option("--json", "as JSON", false)
    .action(async (options) => {
      const { listHosts } = await import("../list_hosts.ts");
      await listHosts(options, env, ending);
    });
}
