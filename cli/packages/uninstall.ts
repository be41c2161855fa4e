import type { Env } from "../../lib/env.ts";
import { planUninstall } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import type { PlanOptions } from "../power.ts";
import { changeHosts } from "./change_hosts.ts";
import { apkStateOf } from "./host_sources.ts";
import { namedOnLine } from "./named_hosts.ts";
import { removeByApk } from "./package_way.ts";

/** Plans what goes from hosts, shows it, has apk do it, and compares. */
export async function uninstallPackages(
  words: readonly string[],
  options: PlanOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(told.env);
  const { hosts, packages } = namedOnLine(fleet.inventory, words, told.env.args);
  await changeHosts(
    fleet,
    hosts,
    "uninstall",
    async (host, looking) => ({
      change: planUninstall(packages, await apkStateOf(looking, host)),
      act: () => removeByApk(host, packages, looking.fleet.session(host)),
    }),
    options,
    told,
  );
}
