import { type HostStatus, statusOf } from "../fleet/facts/host_status.ts";
import type { Host } from "../fleet/host.ts";
import { onHosts } from "./executor.ts";
import { gatherFacts } from "./facts.ts";
import type { Fleet } from "./fleet.ts";

/** Seconds that a host may take for its whole answer. */
const DEADLINE = 15;

/** Asks all hosts, some of them at once. */
export async function lookAt(hosts: readonly Host[], fleet: Fleet): Promise<HostStatus[]> {
  const outcomes = await onHosts(hosts, fleet.executor, async (host) => {
    const begin = performance.now();
    const facts = await gatherFacts(fleet.session(host), DEADLINE);
    // It looked at its clock somewhere in between.
    return { facts, askedAt: Math.floor((Date.now() - (performance.now() - begin) / 2) / 1000) };
  });
  return outcomes.map((outcome) => statusOf(outcome, fleet.inventory));
}
