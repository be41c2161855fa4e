import type { Env } from "../lib/env.ts";
import { printable } from "../lib/errors.ts";
import { findHost, hostName, type Inventory } from "../lib/fleet/host.ts";
import {
  type DeprovisionStep,
  planDeprovision,
  shownDeprovision,
} from "../lib/fleet/operations/deprovision.ts";
import type { Plan } from "../lib/fleet/operations/step.ts";
import { hostFolder } from "../lib/fleet/paths.ts";
import { canonicalJson } from "../lib/json.ts";
import { runOnHosts } from "../lib/session/operation.ts";
import { lookAt } from "../lib/session/look.ts";
import { upHosts } from "../lib/fleet/facts/host_status.ts";
import { locked, removeHost } from "../lib/inventory/inventory_files.ts";
import { answerTo } from "../lib/program/confirmation.ts";
import type { Ending } from "../lib/program/ending.ts";
import { rewriteMenu } from "./menu/keep_menu.ts";
import { stepLines } from "./render/steps.ts";
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
  const plan = async () => {
    const up = isBroken ? [] : upHosts(await lookAt([findHost(fleet.inventory, name)], fleet));
    return planDeprovision(name, up, hostFolder(fleet.place, name));
  };
  if (dryRun) return show(await plan(), env, json);
  if (confirm && await answerTo(`Type "${name}" to forget it for ever: `, env) !== name) {
    ending.code = 1;
    return env.stderr.write("Nothing was changed.\n");
  }
  for (const step of await plan()) {
    if (step.kind === "power-off") await powerOff(step.plan, fleet, env, json);
    else await locked(fleet.place, () => removeHost(fleet.place, name));
  }
  using reporter = reporterFor(env, json);
  await rewriteMenu(fleet, env, reporter);
  if (json) env.stdout.write(`${canonicalJson({ host: name, state: "removed" }, 2)}\n`);
  else env.stdout.write(`${name} is forgotten.\n`);
}

/** Whether its files are broken. @throws {TowerError} `not-found` */
function requireKnown(inventory: Inventory, name: string): boolean {
  if (inventory.broken.some((host) => host.name === name)) return true;
  findHost(inventory, name);
  return false;
}

function show(steps: readonly DeprovisionStep[], env: Env, json: boolean): void {
  const shown = shownDeprovision(steps);
  if (json) return env.stdout.write(`${canonicalJson(shown, 2)}\n`);
  for (const step of shown) {
    env.stdout.write(typeof step === "string" ? `${printable(step)}\n` : stepLines([step]));
  }
}

async function powerOff(plan: Plan, fleet: Fleet, env: Env, json: boolean): Promise<void> {
  using reporter = reporterFor(env, json);
  for (const { host, result } of await runOnHosts(plan, fleet, reporter)) {
    if (result.kind !== "failed") continue;
    reporter.report({ type: "warning", message: `${host.name} could not be powered off` });
  }
}
