import { fieldOf, TowerError } from "../../lib/errors.ts";
import type { Manifest } from "./manifest.ts";

/** A stage or an output, by its number in the plan. */
export type Part = { readonly stage: number } | { readonly output: number };

/** Tells of an error in which part of a manifest it has its reason, where that is known. */
export type PlaceError = (part: Part, error: unknown) => unknown;

/** What says nothing of a manifest. */
const MACHINE = ["interrupted", "io", "permission", "tool", "busy", "damaged"];

/**
 * Makes errors say where a manifest asks for what could not be done: a line
 * `file:line:column: outputs[0].boot.size`.
 *
 * @param manifest for one architecture, as the plan is
 */
export function errorPlacer({ stages, outputs }: Manifest): PlaceError {
  // A plan has the packages of all stages in one, its first.
  const planned = stages.filter(({ spec }) => spec.kind !== "packages");
  return (part, error) => {
    if (!(error instanceof TowerError) || MACHINE.includes(error.code)) return error;
    const found = "stage" in part ? planned[part.stage - 1] : outputs[part.output];
    const field = fieldOf(error);
    // A full disk has no field.
    if (!found || error.code === "no-space" && field === undefined) return error;
    return new TowerError(error.code, `${error.message}\n${found.placeOf(field ?? [])}`, {
      cause: error.cause,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  };
}
