import { fieldOf, TowerError } from "../../lib/errors.ts";
import type { Manifest } from "./manifest.ts";
import { plannedStages } from "./packages_stages.ts";
import { withPlace } from "./placed.ts";

/** A tree, a stage of one or an output, by its number in the plan, or a source. */
export type Part =
  | { readonly tree: string; readonly stage?: number }
  | { readonly output: number }
  | { readonly source: string };

/** Tells of an error in which part of a manifest it has its reason, where that is known. */
export type PlaceError = (part: Part, error: unknown) => unknown;

/**
 * Makes errors say where a manifest asks for what could not be done: a line
 * `file:line:column: outputs[0].boot.size`.
 *
 * @param manifest for one architecture, as the plan is
 */
export function errorPlacer(manifest: Manifest): PlaceError {
  return (part, error) => {
    const found = placedPart(manifest, part);
    const field = fieldOf(error);
    // A full disk has no field.
    const isFull = error instanceof TowerError && error.code === "no-space" && field === undefined;
    return found && !isFull ? withPlace(error, () => found.placeOf(field ?? [])) : error;
  };
}

function placedPart({ sources, trees, outputs }: Manifest, part: Part) {
  if ("source" in part) return sources.get(part.source);
  if ("output" in part) return outputs[part.output];
  const tree = trees.find(({ name }) => name === part.tree);
  return part.stage === undefined ? tree : tree && plannedStages(tree)[part.stage]?.stage;
}
