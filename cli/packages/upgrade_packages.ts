import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { planUpgrade } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { changeHosts } from "./change_hosts.ts";
import { bringingPlan, type InstallOptions } from "./install.ts";
import { openMachines } from "./machines.ts";

/** Plans what newer packages of their repositories change on hosts, shows it, has apk do it, and compares. */
export async function upgradePackages(
  names: readonly string[],
  options: InstallOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const { fleet, find } = await openMachines(told.env);
  const wanted = names.length === 0 ? fleet.inventory.hosts.map(({ name }) => name) : names;
  const machines = [...new Set(wanted)].map(find);
  if (machines.length === 0) {
    throw new TowerError("not-found", "Cannot upgrade packages: there is no host", {
      hint: "Make one with: tower provision NAME",
    });
  }
  const plan = bringingPlan({ applet: "upgrade" }, planUpgrade, options);
  await changeHosts(fleet, machines, "upgrade-packages", plan, options, told);
}
