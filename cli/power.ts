import type { Env } from "../lib/env.ts";
import { formatError, TowerError } from "../lib/errors.ts";
import { chooseHosts, type Host } from "../lib/fleet/host.ts";
import type { Outcome, Plan, Step } from "../lib/fleet/operations/step.ts";
import { canonicalJson } from "../lib/json.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { runPlan } from "../lib/session/executor.ts";
import type { Ending } from "../lib/program/ending.ts";
import { type Fleet, openFleet } from "../lib/session/fleet.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { tellOutcomes } from "./render/outcomes.ts";
import { type HostStatus, lookAt } from "./status.ts";

export interface PlanOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/**
 * Looks at hosts, plans with what was seen, and does it.
 * @param down What it is for a host that was named to be down: `done`, as for one that is to be
 * powered off, or `failed`. Of all hosts those that are down need nothing.
 */
export async function planAndRun(
  names: readonly string[],
  down: "done" | "failed",
  plan: (statuses: readonly HostStatus[]) => Plan,
  options: PlanOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(told.env);
  // What runs as another user, root at boot for one, would do nothing and call it done (facts E13).
  if (fleet.inventory.hosts.length === 0) {
    throw new TowerError("not-found", `Cannot find a host in "${fleet.place.folder}"`, {
      hint: "Run it as the user who provisioned the hosts, or make one: tower provision NAME",
    });
  }
  const statuses = await lookAt(chooseHosts(fleet.inventory, names), fleet);
  const isMissed = ({ state }: HostStatus) =>
    state === "fault" || state === "down" && down === "failed" && names.length > 0;
  const missed = statuses.flatMap((status) =>
    status.state !== "up" && isMissed(status) ? [failed(status.host, status.error)] : []
  );
  await execute(plan(statuses), fleet, options, told, missed);
}

function failed(host: Host, error: unknown): Outcome<Step> {
  return { host, result: { kind: "failed", error } };
}

/** Shows a plan or does it; `missed` are hosts that are told of with those that it is done on. */
export async function execute(
  plan: Plan,
  fleet: Fleet,
  { dryRun, json }: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
  missed: readonly Outcome<Step>[] = [],
): Promise<void> {
  if (dryRun) {
    const steps = plan.flat().map(({ host, title, argv }) => ({ host: host.name, title, argv }));
    const lines = steps.map(({ host, title, argv }) => `${host}: ${title}: ${quoteArgv(argv)}\n`);
    env.stdout.write(json ? `${canonicalJson(steps, 2)}\n` : lines.join(""));
    if (missed.length > 0) ending.code = 3;
    for (const { result } of missed) {
      if (result.kind === "failed") env.stderr.write(`${formatError(result.error)}\n`);
    }
    return;
  }
  if (plan.length === 0 && missed.length === 0 && !json) {
    return env.stdout.write("Nothing to do.\n");
  }
  using reporter = reporterFor(env, json);
  const outcomes = await runPlan(plan, fleet.session, { ...fleet.executor, reporter });
  const show = ({ title }: Step) => ({ line: title, json: title });
  tellOutcomes([...missed, ...outcomes], show, { env, ending });
}

/** Hosts that answered. */
export function upHosts(statuses: readonly HostStatus[]): Host[] {
  return statuses.filter(({ state }) => state === "up").map(({ host }) => host);
}
