import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { findHost, type Host } from "../../lib/fleet/host.ts";
import { requireStored } from "../../lib/package_way/host_sources.ts";
import { planUpgrade } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { changeHosts, type PlannedChange } from "./change_hosts.ts";
import { apkStateOf, type Looking, openSources } from "./host_sources.ts";
import { bringAndRun, type InstallOptions, oneByOne } from "./install.ts";

/** Plans what newer packages of their repositories change on hosts, shows it, has apk do it, and compares. */
export async function upgradePackages(
  names: readonly string[],
  options: InstallOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(told.env);
  const hosts = names.length === 0
    ? fleet.inventory.hosts
    : [...new Set(names)].map((name) => findHost(fleet.inventory, name));
  if (hosts.length === 0) {
    throw new TowerError("not-found", "Cannot upgrade packages: there is no host", {
      hint: "Make one with: tower provision NAME",
    });
  }
  const load = oneByOne();
  const plan = async (host: Host, looking: Looking): Promise<PlannedChange> => {
    const state = await apkStateOf(looking, host);
    const opened = await openSources(host, state, options, looking);
    const change = planUpgrade(state, opened.sources);
    if (options.offline) requireStored(change.coming, opened.sources, opened.context);
    const act = async () => {
      await opened.remember();
      return await bringAndRun(host, { applet: "upgrade" }, change, { ...opened, load, looking });
    };
    return { change, act };
  };
  await changeHosts(fleet, hosts, "upgrade-packages", plan, options, told);
}
