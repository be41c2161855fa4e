import type { Env } from "../lib/env.ts";
import { printable, TowerError } from "../lib/errors.ts";
import { chooseHosts, type Host } from "../lib/fleet/host.ts";
import type { Plan } from "../lib/fleet/step.ts";
import { canonicalJson } from "../lib/json.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { runPlan } from "../lib/session/executor.ts";
import type { Ending } from "../lib/program/ending.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { tellOutcomes } from "./render/outcomes.ts";
import { type HostStatus, lookAt } from "./status.ts";

export interface PlanOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Looks at hosts, plans with what was seen, and does it. Hosts that are down need nothing. */
export async function planAndRun(
  names: readonly string[],
  plan: (statuses: readonly HostStatus[]) => Plan,
  options: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(env);
  // What runs as another user, root at boot for one, would do nothing and call it done (facts E13).
  if (fleet.inventory.hosts.length === 0) {
    throw new TowerError("not-found", `Cannot find a host in "${fleet.place.folder}"`, {
      hint: "Run it as the user who provisioned the hosts, or make one: tower provision NAME",
    });
  }
  const statuses = await lookAt(chooseHosts(fleet.inventory, names), fleet);
  for (const status of statuses) {
    if (status.state !== "fault") continue;
    ending.code = 3;
    env.stderr.write(`${printable((status.error as Error).message)}\n`);
  }
  await execute(plan(statuses), fleet, options, { env, ending });
}

/** Shows a plan or does it. */
export async function execute(
  plan: Plan,
  fleet: Fleet,
  { dryRun, json }: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (dryRun) {
    const steps = plan.flat().map(({ host, title, argv }) => ({ host: host.name, title, argv }));
    const lines = steps.map(({ host, title, argv }) => `${host}: ${title}: ${quoteArgv(argv)}\n`);
    return env.stdout.write(json ? `${canonicalJson(steps, 2)}\n` : lines.join(""));
  }
  if (plan.length === 0 && !json) return env.stdout.write("Nothing to do.\n");
  using reporter = reporterFor(env, json);
  const outcomes = await runPlan(plan, fleet.session, { ...fleet.executor, reporter });
  tellOutcomes(outcomes, ({ title }) => ({ line: title, json: title }), { env, ending });
}

/** Hosts that answered. */
export function upHosts(statuses: readonly HostStatus[]): Host[] {
  return statuses.filter(({ state }) => state === "up").map(({ host }) => host);
}
