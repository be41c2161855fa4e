import type { Env } from "../lib/env.ts";
import { findHost, hostName, type Inventory } from "../lib/fleet/host.ts";
import { planPoweroff } from "../lib/fleet/operations/power.ts";
import { hostFolder } from "../lib/fleet/paths.ts";
import { canonicalJson } from "../lib/json.ts";
import { runOnHosts } from "../lib/session/operation.ts";
import { lookAt } from "../lib/session/look.ts";
import { upHosts } from "../lib/fleet/facts/host_status.ts";
import { locked, removeHost } from "../lib/inventory/inventory_files.ts";
import type { Ending } from "../lib/program/ending.ts";
import { type Fleet, openFleet } from "../lib/session/fleet.ts";
import { reporterFor } from "../lib/program/reporter.ts";

interface DeprovisionOptions {
  readonly confirm: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Takes a host out of the tower, also one whose files are broken. */
export async function deprovision(
  text: string,
  { confirm, dryRun, json }: DeprovisionOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  const name = hostName(text);
  const fleet = await openFleet(env);
  const isBroken = requireKnown(fleet.inventory, name);
  const steps = [
    ...isBroken ? [] : [`power ${name} off if it is up`],
    `remove ${hostFolder(fleet.place, name)} with its keys`,
    `remove ${name} from SSH's configuration and known hosts`,
  ];
  if (dryRun) {
    const lines = steps.map((step) => `${step}\n`).join("");
    return env.stdout.write(json ? `${canonicalJson(steps, 2)}\n` : lines);
  }
  if (confirm && (await env.ask(`Type "${name}" to forget it for ever: `))?.trim() !== name) {
    ending.code = 1;
    return env.stderr.write("Nothing was changed.\n");
  }
  if (!isBroken) await powerOff(name, fleet, env, json);
  await locked(fleet.place, () => removeHost(fleet.place, name));
  if (json) env.stdout.write(`${canonicalJson({ host: name, state: "removed" }, 2)}\n`);
  else env.stdout.write(`${name} is forgotten.\n`);
}

/** Whether its files are broken. @throws {TowerError} `not-found` */
function requireKnown(inventory: Inventory, name: string): boolean {
  if (inventory.broken.some((host) => host.name === name)) return true;
  findHost(inventory, name);
  return false;
}

async function powerOff(name: string, fleet: Fleet, env: Env, json: boolean): Promise<void> {
  const up = upHosts(await lookAt([findHost(fleet.inventory, name)], fleet));
  using reporter = reporterFor(env, json);
  const outcomes = await runOnHosts(planPoweroff(up), fleet, reporter);
  for (const { result } of outcomes) {
    if (result.kind !== "failed") continue;
    reporter.report({ type: "warning", message: `${name} could not be powered off` });
  }
}
