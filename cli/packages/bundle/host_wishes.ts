import { requireStored } from "../../../lib/package_way/host_sources.ts";
import { parseWanted, planInstall } from "../../../lib/packages/package_change.ts";
import { apkStateOf, openSources, type SourceOptions } from "../host_sources.ts";
import { openMachines } from "../machines.ts";
import { machinesAndPackages } from "../named_hosts.ts";
import { sharedWay } from "../package_way.ts";
import type { Wish, Wishing } from "./wish.ts";

/**
 * What hosts of this tower lack of packages, read by way of the router.
 * @param named hosts, then packages, of which the last `literal` ones are none but packages
 */
export async function wishesOfHosts(
  { words, literal }: { readonly words: readonly string[]; readonly literal: number },
  options: SourceOptions,
  { env, store, scope, reporter }: Wishing,
): Promise<Wish[]> {
  const machines = await openMachines(env);
  const { fleet } = machines;
  const { named, packages } = machinesAndPackages(machines, words, literal);
  const wanted = parseWanted(packages);
  const way = sharedWay(fleet, env.patience, scope);
  const looking = { store, scope, reporter, way };
  return await Promise.all(named.map(async (machine): Promise<Wish> => {
    const state = await apkStateOf(machine);
    const { sources, context, remember } = await openSources(machine, state, options, looking);
    const { coming } = planInstall(wanted, state, sources);
    if (options.offline) requireStored(coming, sources, context);
    await remember();
    return { host: machine.name, packages, coming, sources, context };
  }));
}
