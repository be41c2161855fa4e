import type { Arch } from "../../lib/brand.ts";
import { type ErrorCode, fieldOf, type FieldPath, TowerError } from "../../lib/errors.ts";

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

/** Whether a stage or an output is for an architecture. */
export function isFor(
  { arches }: { readonly arches?: readonly Arch[] | undefined },
  arch: Arch,
): boolean {
  return arches === undefined || arches.includes(arch);
}

/** What says nothing of a manifest. */
const MACHINE: readonly ErrorCode[] = [
  "interrupted",
  "io",
  "permission",
  "tool",
  "busy",
  "damaged",
];

/** An error that has its reason in a manifest, with the place of that; any other as it is. */
export function withPlace(error: unknown, placeOf: () => string): unknown {
  if (!(error instanceof TowerError) || MACHINE.includes(error.code)) return error;
  const { code, message, cause, hint } = error;
  return new TowerError(code, `${message}\n${placeOf()}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Does what a part of a manifest asks for; an error tells the place of the field that it is about. */
export function atPart<T>({ placeOf }: Pick<Placed<unknown>, "placeOf">, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPlace(error, () => placeOf(fieldOf(error) ?? []));
  }
}

/** Does what a field of a manifest asks for; an error that has its reason there tells the place. */
export function atPlace<T>(placeOf: () => string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPlace(error, placeOf);
  }
}
