import type { Env } from "../lib/env.ts";
import { formatError } from "../lib/errors.ts";
import type { Host } from "../lib/fleet/host.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Ending } from "../lib/program/ending.ts";
import { runToEnd } from "../lib/program/run_to_end.ts";
import { inventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { readInventory } from "../lib/inventory/read_inventory.ts";
import { errorJson } from "./render/error_json.ts";
import { table } from "../lib/report/table.ts";

/** What to do where there is no host. */
export const FIRST_HOST = "Make one with: tower provision NAME\n";

/** `tower list`, without what reads a command line: scripts and prompts ask for it all the time. */
export function runList(env: Env): Promise<number> {
  return runToEnd(env, (env, ending) => listHosts({ json: false }, env, ending));
}

/** Writes the hosts of a tower, and what is wrong with those that cannot be read. */
export async function listHosts(
  { json }: { readonly json: boolean },
  env: Env,
  ending: Ending,
): Promise<void> {
  const place = inventoryPlace(env.home, env.signal);
  const { hosts, broken } = await readInventory(place);
  env.explain(`${hosts.length} hosts are known in ${place.folder}`);
  if (broken.length > 0) ending.code = 3;
  if (json) {
    const bad = broken.map(({ name, error }) => ({ name, error: errorJson(error) }));
    return env.stdout.write(`${canonicalJson([...hosts.map(valueOf), ...bad], 2)}\n`);
  }
  if (hosts.length + broken.length === 0) {
    env.stdout.write("No host found.\n");
    return env.notes.write(FIRST_HOST);
  }
  const rows = hosts.map((host) => {
    const { role, address, version = "N/A" } = host.env;
    return [host.name, role, address, version];
  });
  if (rows.length > 0) env.stdout.write(table(["NAME", "ROLE", "ADDRESS", "VERSION"], rows));
  for (const { error } of broken) env.stderr.write(`${formatError(error)}\n`);
}

function valueOf({ name, env }: Host) {
  const { role, address, version = "N/A" } = env;
  return { name, role, "online-host": role !== "offline", ip: address, "toweros-version": version };
}
