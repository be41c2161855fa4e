import { type Dependency, parseDependency, readDependency, satisfies } from "../apk/dependency.ts";
import { type Chain, waysOf, type WhyNot, whyNot } from "../apk/explain.ts";
import { type Repository, type Selected, universeOf } from "../apk/solver.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { choicesOf, type PackagesOfHost } from "./package_change.ts";

/** Most ways that are told. */
const MOST_WAYS = 20;
/** Most packages of one: real ones have a dozen. */
const MOST_LINKS = 100;
/** Most questions whether a package meets a dependency: a real host has some ten thousand. */
const MOST_QUESTIONS = 5_000_000;

/** Why a host has a package. */
export interface Reasons {
  /** From items of the world to the package, the shortest way of each. */
  readonly ways: readonly Chain[];
  /** Whether more items of the world lead to it. */
  readonly more: boolean;
}

/**
 * Why a host has what meets a constraint; undefined where it has nothing that does. The database is
 * believed as it stands: one that its world does not fit is explained too.
 * @throws {TowerError} `limit` for one that no host has, which would take for ever.
 */
export function reasonsOf(
  wanted: Dependency,
  host: Pick<PackagesOfHost, "world" | "installed">,
): Reasons | undefined {
  const { world, installed } = host;
  const met = installed.find((p) => p.name === wanted.name && isMet(p, wanted)) ??
    installed.find((p) => isMet(p, wanted));
  if (met === undefined) return undefined;
  requireFew(host);
  const ways: Chain[] = [];
  for (const way of waysOf(installed.map(selected), world.map(parseDependency), met.name)) {
    if (ways.length === MOST_WAYS) return { ways, more: true };
    if (way.length > MOST_LINKS) throw tooMuch(`a way to "${met.name}" has ${way.length} packages`);
    ways.push(way);
  }
  return { ways, more: false };
}

/** Each who asks for a name may have to look at each that has it. */
function requireFew({ world, installed }: Pick<PackagesOfHost, "world" | "installed">): void {
  const owners = new Map<string, number>();
  const nameIn = (text: string) => readDependency(text)?.name ?? "";
  for (const { name, provides } of installed) {
    for (const each of [name, ...provides.map(nameIn)]) {
      owners.set(each, (owners.get(each) ?? 0) + 1);
    }
  }
  let questions = 0;
  const ask = (text: string) => void (questions += owners.get(nameIn(text)) ?? 0);
  world.forEach(ask);
  for (const { depends, installIf } of installed) {
    depends.forEach(ask);
    installIf.forEach(ask);
  }
  if (questions > MOST_QUESTIONS) throw tooMuch("too many of its packages provide the same names");
}

function tooMuch(cause: string): TowerError {
  return new TowerError("limit", `Cannot explain the packages of this host: ${cause}`);
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
