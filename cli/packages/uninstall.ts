import type { Env } from "../../lib/env.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { APK_STATE } from "../../lib/package_way/apk_state.ts";
import { planUninstall } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { lockPackages, settle } from "./host_change.ts";
import { removeByApk } from "./package_way.ts";
import type { PlanOptions } from "../power.ts";
import { changeJson, changeLines } from "../render/package_change.ts";

/** Plans what goes from a host, shows it, has apk do it, and compares. */
export async function uninstallPackages(
  name: string,
  packages: readonly string[],
  { dryRun, json }: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  using reporter = reporterFor(env, json);
  using _lock = dryRun ? undefined : await lockPackages(fleet, host, "uninstall", reporter);
  const session = fleet.session(host);
  const change = planUninstall(packages, await gather(session, APK_STATE, host));
  if (json) ending.json = true;
  else env.stdout.write(changeLines(name, change));
  if (!dryRun) {
    const failure = await removeByApk(host, packages, session);
    await settle(fleet, host, change, failure, { env, reporter });
  }
  if (json) env.stdout.write(changeJson(name, change));
}
