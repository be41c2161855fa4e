import { HOST_FACTS } from "../fleet/facts/host_facts.ts";
import { type HostStatus, statusOf } from "../fleet/facts/host_status.ts";
import type { Host } from "../fleet/host.ts";
import { onHosts } from "./executor.ts";
import type { Fleet } from "./fleet.ts";
import { gather } from "./gather.ts";

/** Asks all hosts, some of them at once. */
export async function lookAt(hosts: readonly Host[], fleet: Fleet): Promise<HostStatus[]> {
  const outcomes = await onHosts(hosts, fleet.executor, async (host) => {
    const begin = performance.now();
    const facts = await gather(fleet.session(host), HOST_FACTS, host);
    // It looked at its clock somewhere in between.
    return { facts, askedAt: Math.floor((Date.now() - (performance.now() - begin) / 2) / 1000) };
  });
  return outcomes.map((outcome) => statusOf(outcome, fleet.inventory));
}
