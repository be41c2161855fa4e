import { TowerError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import type { Arch, Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { canonicalJson } from "../../lib/json.ts";
import { type Manifest, optionalOf, worldOf } from "../manifest/manifest.ts";
import { plannedStages } from "../manifest/packages_stages.ts";
import type { TreeBeginning } from "../manifest/schema.ts";
import type { PlacedStage, PlacedTree } from "../manifest/trees.ts";
import { type OutputPlan, planOutput } from "../kinds/outputs.ts";
import { planStage, type StagePlan } from "../kinds/stages.ts";
import type { ChosenPackages, OverlayFile } from "../stages/stage.ts";
import { choose } from "../../lib/apk/wanted.ts";
import { type Lock, lockDigest } from "./lock.ts";
import { repositoryLines } from "./repositories.ts";

/** A package that goes into a tree. */
interface PlannedPackage {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
}

/** All that decides a tree. */
export interface TreePlan extends TreeBeginning {
  readonly name: string;
  /** Digest of all else here and of what it begins with, whatever it is called: equal ids, equal trees. */
  readonly id: Digest;
  readonly packages: readonly PlannedPackage[];
  readonly stages: readonly StagePlan[];
}

/** All that decides a build, as plain JSON: two equal plans are one build. */
export interface BuildPlan {
  readonly version: 2;
  readonly id: Digest;
  readonly system: string;
  readonly arch: Arch;
  readonly lock: Digest;
  /** Seconds since 1970 for every time that is not a package's own: the newest package's. */
  readonly epoch: number;
  /** Each after those that it is made of. */
  readonly trees: readonly TreePlan[];
  readonly outputs: readonly OutputPlan[];
}

/**
 * Fixes everything that could vary. Pure: the same manifest, lock and overlays give the same plan
 * on every machine.
 *
 * @param overlays The files of each stage's overlay folder, by the stage's place in the manifest.
 */
export function makePlan(
  manifest: Manifest,
  lock: Lock,
  overlays: ReadonlyMap<PlacedStage, readonly OverlayFile[]>,
): BuildPlan {
  const epoch = Math.max(0, ...lock.packages.map((p) => p.buildTime));
  const named = { system: manifest.name, arch: lock.arch, epoch };
  const chosen = chosenPackages(manifest, lock);
  const trees = new Map<string, TreePlan>();
  for (const tree of manifest.trees) {
    const stages = planStages(tree, chosen, overlays);
    // A packages stage is the only one that a lock is for.
    const packages = stages[0]?.kind === "packages" ? packagesIn(lock) : [];
    const begins = tree.spec;
    const id = digestOf(
      canonicalJson({ version: 1, ...named, packages, stages, ...idsOf(begins, trees) }),
    );
    trees.set(tree.name, { name: tree.name, id, ...begins, packages, stages });
  }
  const outputs = manifest.outputs.map(({ spec }) =>
    planOutput(spec, {
      ...named,
      version: manifest.version,
      uuid: (name) => uuidFrom(`${trees.get(spec.tree)!.id} ${spec.file} ${name}`),
    })
  );
  const plan = { version: 2 as const, ...named, trees: [...trees.values()], outputs };
  return { ...plan, id: digestOf(canonicalJson(plan)), lock: lockDigest(lock) };
}

/**
 * A plan without what a tree is not made of.
 * @throws {TowerError} `not-found` where there is none of that name
 */
export function planOfTree(plan: BuildPlan, name: string): BuildPlan {
  const needed = new Set([name]);
  for (const { name, from, difference } of plan.trees.toReversed()) {
    if (!needed.has(name)) continue;
    for (const other of [from, difference?.from, difference?.to]) {
      if (other !== undefined) needed.add(other);
    }
  }
  const trees = plan.trees.filter((tree) => needed.has(tree.name));
  if (trees.some((tree) => tree.name === name)) return { ...plan, trees, outputs: [] };
  const names = plan.trees.map((tree) => tree.name);
  throw new TowerError(
    "not-found",
    `Cannot find tree "${name}" in "${plan.system}"${didYouMean(name, names)}`,
    { hint: `its trees for ${plan.arch} are ${names.join(", ")}` },
  );
}

/** The trees that a tree begins with by their ids: their names decide nothing. */
function idsOf(
  { from, difference }: TreeBeginning,
  trees: ReadonlyMap<string, TreePlan>,
): { from?: Digest; difference?: { from: Digest; to: Digest } } {
  const idOf = (name: string) => trees.get(name)!.id;
  if (from !== undefined) return { from: idOf(from) };
  if (difference === undefined) return {};
  return { difference: { from: idOf(difference.from), to: idOf(difference.to) } };
}

function planStages(
  tree: PlacedTree,
  chosen: ChosenPackages,
  overlays: ReadonlyMap<PlacedStage, readonly OverlayFile[]>,
): readonly StagePlan[] {
  return plannedStages(tree).reduce<StagePlan[]>((before, { spec, stage }) => {
    const overlay = stage && overlays.get(stage) || [];
    return [...before, planStage(spec, { overlay, chosen, before })];
  }, []);
}

function packagesIn({ packages }: Lock): PlannedPackage[] {
  return packages.map(({ name, version, digest }) => ({ name, version, digest }));
}

function chosenPackages(manifest: Manifest, lock: Lock): ChosenPackages {
  return {
    world: worldWithout(manifest, lock.missing ?? []),
    repositories: repositoryLines(lock.repositories.map((r) => ({
      name: r.name,
      ...(r.tag === undefined ? {} : { tag: r.tag }),
    }))),
    keys: lock.keys,
    tags: Object.fromEntries(lock.packages.flatMap(({ name, repository }) => {
      const tag = lock.repositories[repository]!.tag;
      return tag === undefined ? [] : [[name, tag]];
    })),
  };
}

/** What a manifest wants, as far as it was to be had. */
function worldWithout(manifest: Manifest, missing: readonly string[]): string[] {
  const isThere = (item: string) => !missing.includes(item);
  const taken = [...worldOf(manifest), ...optionalOf(manifest)].map((item) =>
    choose(item, isThere)
  );
  return [...new Set(taken.flatMap(({ chosen }) => chosen ?? []))];
}
