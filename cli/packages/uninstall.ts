import type { Env } from "../../lib/env.ts";
import { planUninstall } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import type { PlanOptions } from "../power.ts";
import { changeHosts } from "./change_hosts.ts";
import { apkStateOf } from "./host_sources.ts";
import { openMachines } from "./machines.ts";
import { namedOnLine } from "./named_hosts.ts";
import { removeByApk } from "./package_way.ts";

/** Plans what goes from hosts, shows it, has apk do it, and compares. */
export async function uninstallPackages(
  words: readonly string[],
  options: PlanOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const machines = await openMachines(told.env);
  const { named, packages } = namedOnLine(machines, words, told.env.args);
  await changeHosts(
    machines.fleet,
    named,
    "uninstall",
    async (machine, { scope: { signal }, reporter }) => ({
      change: planUninstall(packages, await apkStateOf(machine)),
      act: () => removeByApk(machine, packages, { signal, reporter }),
    }),
    // What goes needs nobody's yes.
    { ...options, confirm: false },
    told,
  );
}
