import type { HostFacts } from "../fleet/facts/host_facts.ts";
import { findHost, type Host, type HostName } from "../fleet/host.ts";
import { planClocks } from "../fleet/operations/clock.ts";
import type { Reporter } from "../report/event.ts";
import { onHosts } from "../session/executor.ts";
import type { Fleet } from "../session/fleet.ts";
import { runOnHosts } from "../session/operation.ts";
import { valuesOf } from "../session/outcomes.ts";
import { waitForHost } from "../session/wait.ts";

/**
 * Does what is done once hosts are up, side by side: waits for them, and gives offline ones the
 * time, as they have nobody else to ask.
 *
 * @param seconds How long each is waited for; 0 is for ever.
 * @returns why some did not come, or what was wrong with them
 */
export async function startHosts(
  names: readonly HostName[],
  seconds: number,
  fleet: Fleet,
  reporter: Reporter,
): Promise<unknown[]> {
  const hosts = names.map((name) => findHost(fleet.inventory, name));
  const outcomes = await onHosts(hosts, fleet.executor, async (host) => {
    const id = `wait for ${host.name}`;
    reporter.report({ type: "step", id, title: id });
    const facts = await waitForHost(host, seconds, fleet);
    reporter.report({ type: "done", id, note: "it is up" });
    await setClock(host, facts, fleet, reporter);
  });
  return outcomes.flatMap(({ result }) => result.kind === "failed" ? [result.error] : []);
}

async function setClock(
  host: Host,
  facts: HostFacts,
  fleet: Fleet,
  reporter: Reporter,
): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const plan = planClocks([{ host, facts, askedAt: now }], now);
  valuesOf(await runOnHosts(plan, fleet, reporter));
}
