import { type Dependency, parseDependency, readDependency, satisfies } from "../apk/dependency.ts";
import { type Chain, why, type WhyNot, whyNot } from "../apk/explain.ts";
import { type Repository, type Selected, universeOf } from "../apk/solver.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { choicesOf, type PackagesOfHost } from "./package_change.ts";

/** Most ways that are told. */
const MOST_WAYS = 20;

/** Why a host has a package. */
export interface Reasons {
  /** From items of the world to the package, the shortest way of each. */
  readonly ways: readonly Chain[];
  /** How many more items of the world lead to it. */
  readonly more: number;
}

/**
 * Why a host has what meets a constraint; undefined where it has nothing that does. The database is
 * believed as it stands: one that its world does not fit is explained too.
 */
export function reasonsOf(
  wanted: Dependency,
  { world, installed }: Pick<PackagesOfHost, "world" | "installed">,
): Reasons | undefined {
  const met = installed.find((p) => p.name === wanted.name && isMet(p, wanted)) ??
    installed.find((p) => isMet(p, wanted));
  if (met === undefined) return undefined;
  const ways = why(installed.map(selected), world.map(parseDependency), met.name);
  return { ways: ways.slice(0, MOST_WAYS), more: Math.max(0, ways.length - MOST_WAYS) };
}

/** What keeps a package from a host, and what would change if it were asked for. */
export function absenceOf(
  wanted: Dependency,
  host: PackagesOfHost,
  sources: readonly Repository[],
): WhyNot {
  const universe = universeOf(choicesOf(host, sources, new Set([wanted.name])), host.arch);
  return whyNot(wanted, host.world.map(parseDependency), universe);
}

function isMet(p: IndexedPackage, wanted: Dependency): boolean {
  if (p.name === wanted.name && satisfies(wanted, p.version, p.identity)) return true;
  return p.provides.some((text) => {
    const provided = readDependency(text);
    return provided?.name === wanted.name && satisfies(wanted, provided.version, p.identity);
  });
}

/** A package that is there may have come by each of its reasons. */
function selected(p: IndexedPackage): Selected {
  const reason = p.installIf.length > 0
    ? { kind: "install-if", conditions: p.installIf } as const
    : { kind: "world", dependency: p.name } as const;
  return { package: p, repository: 0, reason };
}
