import { TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import type { DebianPackage, Relation } from "./control.ts";

/** Why a Debian package is left out of a set though others depend on it, by name. */
export type Omissions = Readonly<Record<string, string>>;

/** Where packages are looked up: many at once, as each look-up starts a program. */
export type PackageSource = (names: readonly string[]) => Promise<readonly DebianPackage[]>;

/** Packages of a set by name. */
export type Closure = ReadonlyMap<string, DebianPackage>;

/**
 * The packages of `roots` with all they depend on. Of a group's alternatives, one that is in the
 * set already wins, then the first that is a real package. A virtual package is met by whatever
 * in the set provides it.
 *
 * @throws {TowerError} `unsolvable` when nothing in the set meets a group.
 */
export async function closureOf(
  roots: readonly string[],
  omitted: Omissions,
  source: PackageSource,
): Promise<Closure> {
  const chosen = new Map<string, DebianPackage>();
  const looked = new Map<string, DebianPackage | undefined>();
  const look = async (names: readonly string[]) => {
    const fresh = [...new Set(names)].filter((name) => !looked.has(name)).sort(compareBytes);
    if (fresh.length === 0) return;
    for (const name of fresh) looked.set(name, undefined);
    for (const found of await source(fresh)) looked.set(found.name, found);
  };
  for (let wave = [...roots]; wave.length > 0;) {
    await look(wave);
    const added = wave.map((name) => looked.get(name)).filter((p) => p !== undefined)
      .filter((p) => !chosen.has(p.name));
    for (const one of added) chosen.set(one.name, one);
    const groups = added.flatMap((one) => one.depends);
    await look(groups.flat().map((r) => r.name).filter((name) => !Object.hasOwn(omitted, name)));
    wave = groups.map((group) => choose(group, chosen, looked, omitted))
      .filter((name) => name !== undefined);
  }
  for (const root of roots) {
    if (!chosen.has(root)) throw unsolvable(root, "Debian has no such package");
  }
  for (const one of chosen.values()) {
    for (const group of one.depends) memberFor(group, chosen, omitted, one.name);
  }
  return chosen;
}

/** The package to add for a group; undefined when it needs none. */
function choose(
  group: readonly Relation[],
  chosen: Closure,
  looked: ReadonlyMap<string, DebianPackage | undefined>,
  omitted: Omissions,
): string | undefined {
  if (group.some((r) => chosen.has(r.name) || Object.hasOwn(omitted, r.name))) return undefined;
  return group.find((r) => looked.get(r.name) !== undefined)?.name;
}

/** How a group is met: by a member of the set, or not at all, for a reason. */
export type Choice =
  | { readonly kind: "member"; readonly relation: Relation; readonly by: DebianPackage }
  | { readonly kind: "omitted"; readonly name: string };

/** @throws {TowerError} `unsolvable` when neither a member nor an omission meets the group. */
export function memberFor(
  group: readonly Relation[],
  members: Closure,
  omitted: Omissions,
  wantedBy: string,
): Choice {
  for (const relation of group) {
    const by = members.get(relation.name);
    if (by) return { kind: "member", relation, by };
  }
  const left = group.find((relation) => Object.hasOwn(omitted, relation.name));
  if (left) return { kind: "omitted", name: left.name };
  for (const relation of group) {
    for (const by of members.values()) {
      // What is provided has a version of its own, or none that a bound could be held against.
      if (by.provides.some((p) => p.name === relation.name)) {
        return { kind: "member", relation: { name: by.name }, by };
      }
    }
  }
  throw unsolvable(wantedBy, `nothing provides ${group.map((r) => r.name).join(" | ")}`);
}

function unsolvable(name: string, cause: string): TowerError {
  return new TowerError("unsolvable", `Cannot take "${name}" into the repository: ${cause}`, {
    hint: "name a provider among the roots, or leave it out with a reason, in the set's table",
  });
}
