import type { FieldPath } from "../../lib/errors.ts";

/** A part of a manifest, and where it stands. */
export interface Placed<Spec> {
  readonly spec: Spec;
  /** The place of one of its fields: `file:line:column: stages[0].world[3]`. */
  placeOf(field: FieldPath): string;
}

/** What stands at a path of a manifest, when `placeOf` tells places of the manifest's own. */
export function placedAt<Spec>(
  path: FieldPath,
  spec: Spec,
  placeOf: (field: FieldPath) => string,
): Placed<Spec> {
  return { spec, placeOf: (field) => placeOf([...path, ...field]) };
}
