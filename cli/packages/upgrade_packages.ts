import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { planUpgrade } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { changeHosts } from "./change_hosts.ts";
import { bringingPlan, type InstallOptions } from "./install.ts";

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
  const plan = bringingPlan({ applet: "upgrade" }, planUpgrade, options);
  await changeHosts(fleet, hosts, "upgrade-packages", plan, options, told);
}
