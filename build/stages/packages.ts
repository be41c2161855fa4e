import { inBreaths } from "../../lib/breathe.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { putApkDirectories } from "../../lib/apk/apk_directories.ts";
import { installSteps } from "../../lib/apk/install.ts";
import { databaseSteps } from "../../lib/apk/installed_db.ts";
import { ownerSteps } from "../../lib/apk/owners.ts";
import { scriptSteps } from "../../lib/apk/scripts/run_scripts.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import { z } from "zod";
import { SCRIPT_KINDS } from "../../lib/apk/types.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { line } from "../../lib/schema/scalars.ts";
import { type ChosenPackages, type Stage, stageKind } from "./stage.ts";

const packageName = z.string().regex(
  /^[a-zA-Z0-9_][a-zA-Z0-9._+-]*$/,
  "must be a package name",
);

/** An item of the world, or several of which the first that a repository has is taken. */
const wanted = z.union([
  line.min(1),
  z.array(
    line.min(1).refine((item) => !item.startsWith("!"), "must be a package, not one to keep out"),
  ).min(2),
]);
const world = z.array(wanted).describe(
  "Packages wanted, in the syntax of apk's world file: name, name=1.2, name>1, !name, name@tag. " +
    "Of a list, such as [systemd-boot, gummiboot], the first that a repository has.",
);

const spec = z.strictObject({
  kind: z.literal("packages"),
  ...forArches,
  world,
  optional: world.default([]).describe(
    "Packages of the world that a repository may lack: then a warning says so, the record lists " +
      "them, and the system is built without.",
  ),
  scripts: z.array(z.strictObject({
    package: packageName,
    script: z.enum(SCRIPT_KINDS),
    do: z.enum(["skip", "first-boot"]),
    reason: line.min(1).describe("Why this is right; it goes into the record."),
  })).default([]).describe(
    "What to do with package scripts that do what is not understood, or against what is done by default.",
  ),
}).describe("Installs packages with all they depend on.");

export type PackagesSpec = z.infer<typeof spec>;

export interface PackagesPlan extends ChosenPackages {
  readonly kind: "packages";
  readonly scripts: PackagesSpec["scripts"];
}

/**
 * Installs the chosen packages into an empty tree: their files, what their scripts do, and the
 * database by which apk on the booted system goes on.
 *
 * @throws {TowerError} `conflict` for a package of another architecture, whatever its index says;
 * as `installPackages`, `runScripts` and `writeDatabase` do.
 */
const apply: Stage<PackagesPlan> = async (tree, plan, context) => {
  const { packages, onScript, reader, blobs, arch, epoch, breathe } = context;
  refuseForeign(packages, arch);
  const installation = await inBreaths(installSteps(tree, packages, { epoch }), breathe);
  putApkDirectories(tree, packages, epoch);
  const scripts = scriptSteps(tree, packages, { decisions: plan.scripts, reader, epoch });
  for (const outcome of await inBreaths(scripts, breathe)) onScript(outcome);
  const owned = await inBreaths(ownerSteps(tree, installation, reader), breathe);
  const database = databaseSteps(tree, owned, {
    world: plan.world,
    arch,
    repositories: plan.repositories,
    keys: plan.keys,
    epoch,
    spool: blobs.writer(),
    repositoryTags: new Map(Object.entries(plan.tags)),
  });
  await inBreaths(database, breathe);
};

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

/** All stages of the kind are one, the first: a world is chosen, and installed, as a whole. */
export const packages = stageKind({
  spec,
  plan: ({ scripts }, { chosen }): PackagesPlan => ({ kind: "packages", ...chosen, scripts }),
  line: ({ world }) => world.join(" "),
  apply,
});
