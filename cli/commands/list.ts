import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Host } from "../../lib/fleet/host.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `list`: the hosts, without asking them. */
export function listCommand(env: Env, ending: Ending) {
  return new Command("list")
    .description("List the hosts of this tower.")
    .option("--json", "as JSON", false)
    .action(async ({ json }) => {
      const { formatError } = await import("../../lib/errors.ts");
      const { canonicalJson } = await import("../../lib/json.ts");
      const { openFleet } = await import("../fleet.ts");
      const { table } = await import("../render/table.ts");
      const { errorJson } = await import("../render/outcomes.ts");
      const { inventory: { hosts, broken } } = await openFleet(env);
      if (broken.length > 0) ending.code = 3;
      if (json) {
        const bad = broken.map(({ name, error }) => ({ name, error: errorJson(error) }));
        return env.stdout.write(`${canonicalJson([...hosts.map(valueOf), ...bad], 2)}\n`);
      }
      if (hosts.length + broken.length === 0) return env.stdout.write("No host found.\n");
      const rows = hosts.map((
        host,
      ) => [host.name, host.env.role, host.env.address, host.env.version ?? "N/A"]);
      if (rows.length > 0) env.stdout.write(table(["NAME", "ROLE", "ADDRESS", "VERSION"], rows));
      for (const { error } of broken) env.stderr.write(`${formatError(error)}\n`);
    });
}

function valueOf({ name, env }: Host) {
  const { role, address, version = "N/A" } = env;
  return { name, role, "online-host": role !== "offline", ip: address, "toweros-version": version };
}
