import { type Dependency, parseDependency } from "../apk/dependency.ts";
import { formatProblems, type Selected, solveIn, type Universe } from "../apk/solver.ts";
import { TowerError } from "../errors.ts";
import type { Wanted } from "../apk/wanted.ts";
import { alternativesOf, choose } from "../apk/wanted.ts";
import type { ApkRequest } from "./resolve_request.ts";

/** Solves a world; an error says where the manifest asks for what no repository has. */
export function solveOrPlace(
  world: readonly Dependency[],
  request: Pick<ApkRequest, "world">,
  universe: Universe,
  placeOf: (item: Wanted) => string | undefined,
): readonly Selected[] {
  try {
    return solveWorld(world, universe);
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    const isLacking = ({ name, conflict }: Dependency) => !conflict && !universe.isOffered(name);
    const places = request.world.flatMap((item) => {
      const alternatives = alternativesOf(item);
      if (!parseWorld(alternatives).every(isLacking)) return [];
      const place = placeOf(item);
      const others = alternatives.length > 1 ? `: neither ${alternatives.join(" nor ")}` : "";
      return place === undefined ? [] : `${place}${others}`;
    });
    if (places.length === 0) throw error;
    throw new TowerError(error.code, `${error.message}\n${places.join("\n")}`, {
      hint: 'what the system can do without goes under "optional" of the packages stage',
    });
  }
}

/** What is asked for, as far as repositories have it. */
export interface World {
  readonly world: Dependency[];
  /** Optional items that no repository has. */
  readonly missing: readonly string[];
  /** Items taken in place of others, which no repository has. */
  readonly replaced: readonly { readonly chosen: string; readonly absent: readonly string[] }[];
}

/**
 * Takes of a request what repositories have; what they must have and lack stays in the world.
 * @throws {TowerError} as {@linkcode parseWorld}.
 */
export function wantedOf(
  request: Pick<ApkRequest, "world" | "optional">,
  universe: Universe,
): World {
  parseWorld([...request.world, ...request.optional].flatMap(alternativesOf));
  const isThere = (item: string) => universe.isOffered(parseDependency(item).name);
  const needed = request.world.map((item) => choose(item, isThere));
  const wished = request.optional.map((item) => choose(item, isThere));
  return {
    world: parseWorld([
      ...needed.map(({ chosen, absent }) => chosen ?? absent[0]!),
      ...wished.flatMap(({ chosen }) => chosen ?? []),
    ]),
    missing: wished.flatMap(({ chosen, absent }) => chosen === undefined ? absent : []),
    replaced: [...needed, ...wished].flatMap(({ chosen, absent }) =>
      chosen === undefined || absent.length === 0 ? [] : { chosen, absent }
    ),
  };
}

/** Parses a world. @throws {TowerError} `malformed` that lists every bad item. */
export function parseWorld(world: readonly string[]): Dependency[] {
  const bad: string[] = [];
  const parsed = world.flatMap((text) => {
    try {
      return [parseDependency(text)];
    } catch {
      bad.push(`"${text}"`);
      return [];
    }
  });
  if (bad.length === 0) return parsed;
  throw new TowerError("malformed", `Cannot read the world: ${bad.join(", ")}`, {
    hint: "an item is name, name=1.2-r3, name>1, name~1.2, !name or name@tag",
  });
}

/** @throws {TowerError} `unsolvable` with the reason why each candidate was refused. */
export function solveWorld(
  world: readonly Dependency[],
  universe: Universe,
): readonly Selected[] {
  const solution = solveIn(universe, world);
  if (solution.ok) return solution.install;
  const known = new Set(universe.linked.packageNames());
  throw new TowerError(
    "unsolvable",
    `Cannot choose packages for the world:\n${formatProblems(solution.problems, known)}`,
  );
}
