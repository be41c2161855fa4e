import type { Wanted } from "../../lib/apk/wanted.ts";
import type { StageSpec } from "../kinds/stages.ts";
import type { PackagesSpec } from "../stages/packages.ts";
import type { Fault } from "./faults.ts";
import { allStages, type PlacedTree } from "./trees.ts";

/** The packages stages of a tree. */
export function packagesStages({ stages }: PlacedTree): PackagesSpec[] {
  return stages.map(({ spec }) => spec).filter((spec) => spec.kind === "packages");
}

/** Every package that a tree wants, by all its packages stages together, in the order written. */
export function worldOf(tree: PlacedTree): Wanted[] {
  return distinct(packagesStages(tree).flatMap((s) => s.world));
}

/** Every package that a tree wants where a repository has it, in the order written. */
export function optionalOf(tree: PlacedTree): Wanted[] {
  return distinct(packagesStages(tree).flatMap((s) => s.optional));
}

function distinct(items: readonly Wanted[]): Wanted[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** Where a tree asks for an item of its world. */
export function placeOfItem({ stages }: PlacedTree, item: Wanted): string | undefined {
  const text = JSON.stringify(item);
  for (const { spec, placeOf } of stages.toReversed()) {
    const at = spec.kind === "packages"
      ? spec.world.findIndex((other) => JSON.stringify(other) === text)
      : -1;
    if (at >= 0) return placeOf(["world", at]);
  }
  return undefined;
}

export function hasPackages(tree: PlacedTree): boolean {
  return packagesStages(tree).length > 0;
}

/** Packages stages where no packages can be installed. */
export function misplacedPackages({ spec, stages }: PlacedTree): Fault[] {
  if (Object.keys(spec).length === 0) return [];
  const cause = "packages go into an empty tree, and this one begins with something";
  const hint = "put them into the tree that it begins with, or into one of their own";
  return stages.filter(({ spec }) => spec.kind === "packages")
    .map(({ placeOf }) => ({ place: placeOf([]), cause, hint }));
}

/** A stage as a plan has it, and where its errors have their place. */
export interface PlannedStage {
  readonly spec: StageSpec;
  /** None for the packages stages, which are one in a plan. */
  readonly stage: PlacedTree["stages"][number] | undefined;
}

/** The stages of a tree as a plan has them: those of packages are one, the first. */
export function plannedStages(tree: PlacedTree): PlannedStage[] {
  const scripts = packagesStages(tree).flatMap((stage) => stage.scripts);
  const all = { kind: "packages" as const, world: [], optional: [], scripts };
  const others = allStages(tree).filter(({ spec }) => spec.kind !== "packages");
  return [
    ...hasPackages(tree) ? [{ spec: all, stage: undefined }] : [],
    ...others.map((stage) => ({ spec: stage.spec, stage })),
  ];
}
