import { ROOT_TREE } from "../../lib/schema/of_tree.ts";
import type { StageSpec } from "../kinds/stages.ts";
import type { PackagesSpec } from "../stages/packages.ts";
import type { PlacedTree } from "./trees.ts";

/** The packages stages of a tree. */
export function packagesStages({ stages }: PlacedTree): PackagesSpec[] {
  return stages.map(({ spec }) => spec).filter((spec) => spec.kind === "packages");
}

export function hasPackages(tree: PlacedTree): boolean {
  return packagesStages(tree).length > 0;
}

/** Packages stages where no packages can be installed, a line for each. */
export function misplacedPackages({ name, spec, stages }: PlacedTree): string[] {
  const cause = Object.keys(spec).length > 0
    ? "packages go into an empty tree, and this one begins with another"
    : name !== ROOT_TREE
    ? `only the tree "${ROOT_TREE}" can have packages`
    : undefined;
  if (cause === undefined) return [];
  return stages.filter(({ spec }) => spec.kind === "packages")
    .map(({ placeOf }) => `${placeOf([])}: ${cause}`);
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
  const others = tree.stages.filter(({ spec }) => spec.kind !== "packages");
  return [
    ...hasPackages(tree) ? [{ spec: all, stage: undefined }] : [],
    ...others.map((stage) => ({ spec: stage.spec, stage })),
  ];
}
