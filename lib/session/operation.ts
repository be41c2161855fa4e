import { TowerError } from "../errors.ts";
import type { HostStatus } from "../fleet/facts/host_status.ts";
import { chooseHosts } from "../fleet/host.ts";
import type { Outcome, Plan } from "../fleet/operations/step.ts";
import type { Reporter } from "../report/event.ts";
import { type Done, runPlan } from "./executor.ts";
import type { Fleet } from "./fleet.ts";
import { lookAt } from "./look.ts";

/** What an operation would do on hosts, and those it cannot be done on. */
export interface Planned {
  readonly plan: Plan;
  readonly missed: readonly Outcome<Done>[];
  /** Whether any host that was asked is up. */
  readonly isAnyUp: boolean;
}

/**
 * Looks at hosts, and plans with what was seen.
 * @param names All hosts where there is none.
 * @param down What it is for a host that was named to be down: `done`, as for one that is to be
 * powered off, or `failed`. Of all hosts those that are down need nothing.
 * @throws {TowerError} `not-found` where there are no hosts at all
 */
export async function planForHosts(
  fleet: Fleet,
  names: readonly string[],
  down: "done" | "failed",
  plan: (statuses: readonly HostStatus[]) => Plan,
): Promise<Planned> {
  // What runs as another user, root at boot for one, would do nothing and call it done (facts E13).
  if (fleet.inventory.hosts.length === 0) {
    throw new TowerError("not-found", `Cannot find a host in "${fleet.place.folder}"`, {
      hint: "Run it as the user who provisioned the hosts, or make one: tower provision NAME",
    });
  }
  const statuses = await lookAt(chooseHosts(fleet.inventory, names), fleet);
  const missed = statuses.flatMap((status): Outcome<Done>[] => {
    if (status.state === "up") return [];
    const isMissed = status.state === "fault" || down === "failed" && names.length > 0;
    const { host, error } = status;
    return isMissed ? [{ host, result: { kind: "failed", error } }] : [];
  });
  return { plan: plan(statuses), missed, isAnyUp: statuses.some(({ state }) => state === "up") };
}

/** Does what was planned on the hosts of a fleet. */
export function runOnHosts(
  plan: Plan,
  { session, executor }: Fleet,
  reporter: Reporter,
): Promise<Outcome<Done>[]> {
  return runPlan(plan, session, { ...executor, reporter });
}
