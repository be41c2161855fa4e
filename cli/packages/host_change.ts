import type { Env } from "../../lib/env.ts";
import { parentFolder } from "../../lib/files/folders.ts";
import { privateFolder } from "../../lib/files/private_folder.ts";
import { waitForLock } from "../../lib/files/lock_file.ts";
import { TowerError } from "../../lib/errors.ts";
import { APK_STATE } from "../../lib/package_way/apk_state.ts";
import type { PackageChange } from "../../lib/packages/package_change.ts";
import { differenceOf } from "../../lib/packages/package_check.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { gather } from "../../lib/session/gather.ts";
import { keepWorld } from "./kept_world.ts";
import type { PackageMachine } from "./package_machine.ts";

/** What a change is shown by. */
export interface ChangeContext {
  readonly env: Env;
  readonly reporter: Reporter;
}

/** Waits for others who change a machine's packages. */
export function lockPackages(
  { name, folder }: PackageMachine,
  doing: string,
  { env: { signal }, reporter }: ChangeContext,
): Promise<Disposable> {
  for (const path of [parentFolder(folder), folder]) privateFolder(path);
  const onWait = (holder: string) =>
    reporter.report({ type: "info", message: `waiting for ${holder} to end` });
  return waitForLock(`${folder}/packages.lock`, `tower ${doing} ${name}`, { signal, onWait });
}

/**
 * Keeps the world that a machine has now, writes its menu entries, and compares what it has with its plan.
 * @param failure what apk failed with
 * @throws {TowerError} that; `conflict` where the machine differs.
 */
export async function settle(
  machine: PackageMachine,
  change: PackageChange,
  failure: TowerError | undefined,
  context: ChangeContext,
): Promise<void> {
  const after = await gather(machine.session, APK_STATE, machine);
  await keepWorld(machine, after.world);
  await machine.showPrograms({ coming: change.coming.map((c) => c.package), after }, context);
  if (failure !== undefined) throw failure;
  const difference = differenceOf(change, after);
  if (difference === undefined) return;
  throw new TowerError("conflict", `Cannot call "${machine.name}" as planned: ${difference}`, {
    hint: "Look there with: apk audit; its world is kept as it is now",
  });
}
