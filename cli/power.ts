import type { Env } from "../lib/env.ts";
import { formatError } from "../lib/errors.ts";
import type { HostStatus } from "../lib/fleet/facts/host_status.ts";
import { shownSteps } from "../lib/fleet/operations/shown_step.ts";
import type { Plan } from "../lib/fleet/operations/step.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Ending } from "../lib/program/ending.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { telling } from "../lib/report/telling.ts";
import type { Done } from "../lib/session/executor.ts";
import { type Fleet, openFleet } from "../lib/session/fleet.ts";
import { planForHosts, type Planned, runOnHosts } from "../lib/session/operation.ts";
import { tellOutcomes } from "./render/outcomes.ts";
import { stepLines } from "./render/steps.ts";

export interface PlanOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Looks at hosts, plans with what was seen, and shows or does it: as {@linkcode planForHosts}. */
export async function planAndRun(
  names: readonly string[],
  down: "done" | "failed",
  plan: (statuses: readonly HostStatus[]) => Plan,
  options: PlanOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(told.env);
  const look = () => planForHosts(fleet, names, down, plan);
  await execute(await lookTelling(look, options, told.env), fleet, options, told);
}

/** Says on a terminal that hosts are asked: those that are down take their time. */
async function lookTelling<T>(
  look: () => Promise<T>,
  { json }: { readonly json: boolean },
  env: Env,
): Promise<T> {
  if (json) return await look();
  using reporter = reporterFor(env, false);
  return await telling(reporter, "Ask the hosts", look);
}

/** Shows a plan or does it; hosts that are missed are told of with those that it is done on. */
export async function execute(
  { plan, missed, isAnyUp }: Planned,
  fleet: Fleet,
  { dryRun, json }: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (dryRun) {
    const steps = shownSteps(plan);
    env.stdout.write(json ? `${canonicalJson(steps, 2)}\n` : stepLines(steps));
    if (missed.length > 0) ending.code = 3;
    for (const { result } of missed) {
      if (result.kind === "failed") env.stderr.write(`${formatError(result.error)}\n`);
    }
    return;
  }
  if (plan.length === 0 && missed.length === 0 && !json) {
    env.stdout.write("Nothing to do.\n");
    if (!isAnyUp) env.notes.write("No host that was asked is up: tower status\n");
    return;
  }
  using reporter = reporterFor(env, json);
  const outcomes = await runOnHosts(plan, fleet, reporter);
  const show = ({ title }: Done) => ({ line: title, json: title });
  tellOutcomes([...missed, ...outcomes], show, { env, ending });
}
