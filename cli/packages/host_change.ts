import type { Env } from "../../lib/env.ts";
import { waitForLock } from "../../lib/files/lock_file.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { packagesLockPath } from "../../lib/fleet/paths.ts";
import { APK_STATE } from "../../lib/package_way/apk_state.ts";
import type { PackageChange } from "../../lib/packages/package_change.ts";
import { differenceOf } from "../../lib/packages/package_check.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { keepMenu } from "../menu/keep_menu.ts";
import { keepWorld } from "./kept_world.ts";

/** Waits for others who change a host's packages. */
export function lockPackages(
  { place, executor }: Fleet,
  { name }: Host,
  doing: string,
  reporter: Reporter,
): Promise<Disposable> {
  const { signal } = executor;
  const onWait = (holder: string) =>
    reporter.report({ type: "info", message: `waiting for ${holder} to end` });
  return waitForLock(packagesLockPath(place, name), `tower ${doing} ${name}`, { signal, onWait });
}

/** What a settled change is shown by. */
export interface SettleContext {
  readonly env: Env;
  readonly reporter: Reporter;
}

/**
 * Keeps the world that a host has now, writes its menu entries, and compares what it has with its plan.
 * @param failure what apk failed with
 * @throws {TowerError} that; `conflict` where the host differs.
 */
export async function settle(
  fleet: Fleet,
  host: Host,
  change: PackageChange,
  failure: TowerError | undefined,
  { env, reporter }: SettleContext,
): Promise<void> {
  const after = await gather(fleet.session(host), APK_STATE, host);
  await keepWorld(fleet, host, after.world);
  await keepMenu(
    fleet,
    host,
    { coming: change.coming.map((c) => c.package), after },
    env,
    reporter,
  );
  if (failure !== undefined) throw failure;
  const difference = differenceOf(change, after);
  if (difference === undefined) return;
  throw new TowerError("conflict", `Cannot call "${host.name}" as planned: ${difference}`, {
    hint: `Look with: tower ssh ${host.name} apk audit; its world is kept as it is now`,
  });
}
