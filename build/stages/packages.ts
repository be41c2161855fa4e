import { printable, TowerError } from "../../lib/errors.ts";
import { putApkDirectories } from "../../lib/apk/apk_directories.ts";
import { installPackages } from "../../lib/apk/install.ts";
import { writeDatabase } from "../../lib/apk/installed_db.ts";
import { resolveOwners } from "../../lib/apk/owners.ts";
import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import { runScripts } from "../../lib/apk/scripts/run_scripts.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { PackagesPlan } from "../plan/plan.ts";
import type { StageContext } from "./stage.ts";

/**
 * Installs the packages of a plan into an empty tree: their files, what their scripts do, and the
 * database by which apk on the booted system goes on.
 *
 * @param packages In the order of installation.
 * @returns What became of each script, for the record.
 * @throws {TowerError} `conflict` for a package of another architecture, whatever its index says;
 * as `installPackages`, `runScripts` and `writeDatabase` do.
 */
export function installWorld(
  tree: FileTree,
  plan: PackagesPlan,
  packages: readonly UnpackedPackage[],
  { reader, arch, epoch }: StageContext,
): ScriptOutcome[] {
  refuseForeign(packages, arch);
  const installation = installPackages(tree, packages, { epoch });
  putApkDirectories(tree, packages, epoch);
  const outcomes = runScripts(tree, packages, { decisions: plan.scripts, reader, epoch });
  writeDatabase(tree, resolveOwners(tree, installation, reader), {
    world: plan.world,
    arch,
    repositories: plan.repositories,
    keys: plan.keys,
    epoch,
    repositoryTags: new Map(Object.entries(plan.tags)),
  });
  return outcomes;
}

/** apk-tools 2.14 would take them; apk-tools 3 does not either. */
function refuseForeign(packages: readonly UnpackedPackage[], arch: string): void {
  const foreign = packages.find(({ info }) => info.arch !== arch && info.arch !== "noarch");
  if (!foreign) return;
  const { name, version, arch: other } = foreign.info;
  throw new TowerError(
    "conflict",
    `Cannot install "${name}-${version}": it is built for ${
      printable(other)
    }, the system for ${arch}`,
    { hint: "Its repository lists it as something else: have its index made anew" },
  );
}
