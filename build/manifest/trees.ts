import type { FieldPath } from "../../lib/errors.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import type { OutputSpec } from "../kinds/outputs.ts";
import { beginningStage, stageFieldInSpec, type StageSpec } from "../kinds/stages.ts";
import { type Placed, placedAt } from "./placed.ts";
import type { Beginning, ManifestDocument, TreeBeginning } from "./schema.ts";

/** A stage and the folder that its relative paths start from. */
export interface PlacedStage extends Placed<StageSpec> {
  readonly folder: string;
}
export type PlacedOutput = Placed<OutputSpec>;

/** A tree: what it begins with, and what its stages do to that. */
export interface PlacedTree extends Placed<Beginning> {
  readonly name: string;
  readonly stages: readonly PlacedStage[];
}

/** Trees by name, in the order written. */
export type PlacedTrees = ReadonlyMap<string, PlacedTree>;

/** The trees that a manifest's own file has. */
export function treesIn(
  { stages, trees }: ManifestDocument,
  folder: string,
  placeOf: (field: FieldPath) => string,
): PlacedTrees {
  const placed = (list: readonly StageSpec[], path: FieldPath): PlacedStage[] =>
    list.map((spec, i) => ({
      spec,
      placeOf: (field) => placeOf([...path, i, ...stageFieldInSpec(spec, field)]),
      folder,
    }));
  const found = new Map<string, PlacedTree>();
  if (stages.length > 0) {
    const root = { spec: {}, placeOf: () => placeOf(["stages"]) };
    found.set(ROOT_TREE, { name: ROOT_TREE, ...root, stages: placed(stages, ["stages"]) });
  }
  for (const [name, { stages, ...beginning }] of Object.entries(trees)) {
    const path = ["trees", name];
    found.set(name, {
      name,
      ...placedAt(path, beginning, placeOf),
      stages: placed(stages, [...path, "stages"]),
    });
  }
  return found;
}

/** The trees that a tree begins with. */
export function treesBegunWith({ spec: { from, ...rest } }: PlacedTree): TreeBeginning {
  return typeof from === "string" ? { ...rest, from } : rest;
}

/** All that makes a tree of an empty one or of other trees: a source that it begins with is a stage. */
export function allStages({ spec: { from }, placeOf, stages }: PlacedTree): readonly PlacedStage[] {
  if (from === undefined || typeof from === "string") return stages;
  // It has no path of its own: the source is where one leads elsewhere.
  const placed = (field: FieldPath) => placeOf(["from", ...field[0] === "path" ? [] : field]);
  return [{ spec: beginningStage(from), placeOf: placed, folder: "" }, ...stages];
}

/** Trees of a manifest and of one that extends it: stages of one name are appended. */
export function extendedTrees(base: PlacedTrees, next: PlacedTrees): PlacedTrees {
  const trees = new Map(base);
  for (const [name, tree] of next) {
    const before = base.get(name);
    const says = before === undefined || Object.keys(tree.spec).length > 0 ? tree : before;
    const { spec, placeOf } = says;
    trees.set(name, { name, spec, placeOf, stages: [...before?.stages ?? [], ...tree.stages] });
  }
  return trees;
}
