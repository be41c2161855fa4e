import { join } from "@std/path";
import type { IndexedPackage } from "../../lib/apk/types.ts";
import type { Env } from "../../lib/env.ts";
import { messagesOf, TowerError } from "../../lib/errors.ts";
import { exists } from "../../lib/files/files.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { menuListPath } from "../../lib/fleet/paths.ts";
import { locked, writeHostFile } from "../../lib/inventory/inventory_files.ts";
import type { ApkState } from "../../lib/package_way/apk_state.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { keptBytes, keptPrograms, programsNow } from "./keep_programs.ts";
import { dataFolder, writeMenu } from "./write_menu.ts";

/** What became of a host's packages. */
export interface PackagesNow {
  readonly coming: readonly Pick<IndexedPackage, "identity" | "name" | "version" | "size">[];
  readonly after: Pick<ApkState, "installed" | "keys">;
}

/** Keeps the programs of a host whose packages changed, and writes the menu. Failing is a warning. */
export async function keepMenu(
  { place }: Fleet,
  host: Host,
  { coming, after }: PackagesNow,
  env: Env,
  reporter: Reporter,
): Promise<void> {
  await tryMenu(reporter, async () => {
    using store = openStore(join(env.cacheDir, "store"), reporter);
    const before = keptPrograms(place, host.name);
    const now = programsNow(host, before, coming, after, { store, reporter });
    if (before.length + now.length === 0) return;
    await locked(place, () => writeHostFile(place, host.name, "programs", keptBytes(now)));
    await writeMenu(place, dataFolder(env.home), { dryRun: false, reporter });
  });
}

/** Writes the menu after hosts went or were made anew, where there is one. Failing is a warning. */
export async function rewriteMenu({ place }: Fleet, env: Env, reporter: Reporter): Promise<void> {
  if (!exists(menuListPath(place))) return;
  await tryMenu(
    reporter,
    () => writeMenu(place, dataFolder(env.home), { dryRun: false, reporter }),
  );
}

/** Work on the menu after other work that is done: it fails with a warning. */
async function tryMenu(reporter: Reporter, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TowerError) || error.code === "interrupted") throw error;
    const why = messagesOf(error).join(": ");
    const message = `the menu is not written: ${why}; do it later with: tower menu`;
    reporter.report({ type: "warning", message });
  }
}
