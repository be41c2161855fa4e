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
 */
export function installWorld(
  tree: FileTree,
  plan: PackagesPlan,
  packages: readonly UnpackedPackage[],
  { reader, arch, epoch }: StageContext,
): ScriptOutcome[] {
  const installation = installPackages(tree, packages, { epoch });
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
