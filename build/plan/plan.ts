import { TowerError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import type { Arch, Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { optionalOf, plannedStages, worldOf } from "../manifest/packages_stages.ts";
import { atPart } from "../manifest/placed.ts";
import type { TreeBeginning } from "../manifest/schema.ts";
import { type PlacedStage, type PlacedTree, treesBegunWith } from "../manifest/trees.ts";
import {
  type OutputPlan,
  type OutputSpec,
  planOutput,
  treesOf,
  treeUses,
} from "../kinds/outputs.ts";
import { planSource } from "../kinds/sources.ts";
import { outputInside, planStage, type StagePlan } from "../kinds/stages.ts";
import type { ChosenPackages, OverlayFile, StagePlanning } from "../stages/stage.ts";
import { choose } from "../../lib/apk/wanted.ts";
import type { ApkSource } from "../sources/apk_lock.ts";
import { apkSourceOf, apkSourcesOf, type Lock, lockDigest, namedSourcesOf } from "./lock.ts";
import { repositoryLines } from "../../lib/packages/repositories.ts";

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
  /**
   * Seconds since 1970 for every time that is not a package's own: that of the newest package in it
   * or in a tree that it is made of, else of all.
   */
  readonly epoch: number;
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
  /** Seconds since 1970 of the newest package. */
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
  const newest = newestOf(apkSourcesOf(lock).flatMap(({ packages }) => packages)) ?? 0;
  const system = { system: manifest.name, arch: lock.arch };
  const sources = plannedSources(manifest, lock);
  const trees = new Map<string, TreePlan>();
  const treeId = (name: string) => trees.get(name)!.id;
  for (const tree of manifest.trees) {
    const source = apkSourceOf(lock, tree.name);
    const inside = tree.stages.flatMap(({ spec }) => outputInside(spec) ?? []);
    const begins = treesBegunWith(tree);
    const others = madeOf(begins, inside.flatMap(namesOf));
    const times = others.map((name) => trees.get(name)!.epoch);
    const own = newestOf(source?.packages ?? []);
    const epoch = own === undefined && times.length === 0 ? newest : Math.max(own ?? 0, ...times);
    const named = { ...system, epoch };
    const stages = planStages(tree, overlays, {
      chosen: source ? chosenPackages(tree, source) : NONE_CHOSEN,
      sources,
      treeId,
      named: { ...named, version: manifest.version },
    });
    const packages = (source?.packages ?? [])
      .map(({ name, version, digest }) => ({ name, version, digest }));
    const id = digestOf(
      canonicalJson({ version: 1, ...named, packages, stages, ...idsOf(begins, trees) }),
    );
    trees.set(tree.name, { name: tree.name, id, ...begins, epoch, packages, stages });
  }
  const outputs = manifest.outputs.map((output) =>
    atPart(output, () =>
      planOutput(output.spec, treeId, {
        ...system,
        epoch: epochOf(namesOf(output.spec), [...trees.values()]),
        version: manifest.version,
      }))
  );
  const plan = {
    version: 2 as const,
    ...system,
    epoch: newest,
    trees: [...trees.values()],
    outputs,
  };
  return { ...plan, id: digestOf(canonicalJson(plan)), lock: lockDigest(lock) };
}

/**
 * A plan without what a tree is not made of.
 * @throws {TowerError} `not-found` where there is none of that name
 */
export function planOfTree(plan: BuildPlan, name: string): BuildPlan {
  const needed = new Set([name]);
  for (const { name, from, difference, stages } of plan.trees.toReversed()) {
    if (!needed.has(name)) continue;
    const inside = stages.flatMap((stage) => outputInside(stage) ?? []);
    for (const other of madeOf({ from, difference }, inside.flatMap(treesOf))) needed.add(other);
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

/**
 * Names of the trees that a tree is made of.
 * @param inside those of outputs that its stages put into it
 */
function madeOf({ from, difference }: TreeBeginning, inside: readonly string[]): string[] {
  return [from, difference?.from, difference?.to, ...inside].filter((name) => name !== undefined);
}

function namesOf(spec: OutputSpec): string[] {
  return treeUses(spec).map(({ tree }) => tree);
}

/** The time of what is made of some trees of a plan. */
export function epochOf(names: readonly string[], trees: BuildPlan["trees"]): number {
  return Math.max(
    ...trees.filter(({ name }) => names.includes(name)).map(({ epoch }) => epoch),
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
  overlays: ReadonlyMap<PlacedStage, readonly OverlayFile[]>,
  planning: Pick<StagePlanning<StagePlan>, "chosen" | "sources" | "treeId" | "named">,
): readonly StagePlan[] {
  return plannedStages(tree).reduce<StagePlan[]>((before, { spec, stage }) => {
    const overlay = stage && overlays.get(stage) || [];
    const plan = () => planStage(spec, { overlay, before, ...planning });
    return [...before, stage ? atPart(stage, plan) : plan()];
  }, []);
}

/** What of the sources that a manifest names decides a build. */
function plannedSources(manifest: Manifest, lock: Lock): StagePlanning<never>["sources"] {
  return new Map(
    namedSourcesOf(lock).map((
      locked,
    ) => [locked.name, planSource(locked, manifest.sources.get(locked.name)!.spec)]),
  );
}

/** Of a tree without packages. */
const NONE_CHOSEN: ChosenPackages = { world: [], repositories: [], keys: [], tags: {} };

/** The time of the newest package; undefined where there is none. */
function newestOf(packages: ApkSource["packages"]): number | undefined {
  return packages.length === 0
    ? undefined
    : packages.reduce((newest, { buildTime }) => Math.max(newest, buildTime), 0);
}

function chosenPackages(tree: PlacedTree, source: ApkSource): ChosenPackages {
  return {
    world: worldWithout(tree, source.missing ?? []),
    repositories: repositoryLines(source.repositories.map((r) => ({
      name: r.name,
      ...(r.tag === undefined ? {} : { tag: r.tag }),
    }))),
    keys: source.keys,
    tags: Object.fromEntries(source.packages.flatMap(({ name, repository }) => {
      const tag = source.repositories[repository]!.tag;
      return tag === undefined ? [] : [[name, tag]];
    })),
  };
}

/** What a tree wants, as far as it was to be had. */
function worldWithout(tree: PlacedTree, missing: readonly string[]): string[] {
  const isThere = (item: string) => !missing.includes(item);
  const taken = [...worldOf(tree), ...optionalOf(tree)].map((item) => choose(item, isThere));
  return [...new Set(taken.flatMap(({ chosen }) => chosen ?? []))];
}
