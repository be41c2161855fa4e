import { z } from "zod";

/** As much of a kind as a registry needs. */
interface Kind {
  readonly spec: z.ZodType<{ kind: string }>;
  // What it makes a plan of differs from kind to kind.
  // deno-lint-ignore no-explicit-any
  readonly plan: (...args: any[]) => object;
}
type Kinds = readonly [Kind, ...Kind[]];

/** What a manifest may say of any of some kinds. */
export type SpecsOf<All extends Kinds> = z.infer<All[number]["spec"]>;
export type PlansOf<All extends Kinds> = ReturnType<All[number]["plan"]>;

/** The schemas of some kinds, each with its own type. */
export function specsOf<const All extends Kinds>(
  kinds: All,
): { [I in keyof All]: All[I]["spec"] } {
  return kinds.map(({ spec }) => spec) as { [I in keyof All]: All[I]["spec"] };
}

/**
 * Finds kinds by name. TypeScript cannot follow that what is found fits the value whose `kind` was
 * looked up: `Any` says so, in this one place.
 */
export function kindOf<Any>(kinds: Kinds): (name: string) => Any {
  const byName = new Map(kinds.map((kind) => [nameOf(kind), kind as unknown as Any]));
  return (name) => byName.get(name)!;
}

/** What manifests call a kind. */
export function nameOf({ spec }: Pick<Kind, "spec">): string {
  if (!(spec instanceof z.ZodObject) || !(spec.shape.kind instanceof z.ZodLiteral)) {
    throw new TypeError("a kind's spec has no literal field kind");
  }
  return String(spec.shape.kind.value);
}
