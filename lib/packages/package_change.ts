import {
  type Dependency,
  formatDependency,
  parseDependency,
  readDependency,
} from "../apk/dependency.ts";
import {
  formatProblems,
  type LinkedPackage,
  type Repository,
  type Selected,
  solve,
} from "../apk/solver.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";

/** A package that comes, and the place of its repository among those of its host. */
export interface Coming {
  readonly package: LinkedPackage;
  readonly repository: number;
  /** The version that goes, where one is there. */
  readonly replaces?: string;
}

/** What a host has of packages, and wants. */
export interface PackagesOfHost {
  /** apk's name of the architecture. */
  readonly arch: string;
  readonly world: readonly string[];
  readonly installed: readonly IndexedPackage[];
}

/** What is to become of a host's packages. */
export interface PackageChange {
  /** As apk writes it. */
  readonly world: readonly string[];
  /** What it was. */
  readonly worldBefore: readonly string[];
  readonly coming: readonly Coming[];
  readonly going: readonly IndexedPackage[];
  /** `name-version` of all that is there afterwards, in byte order. */
  readonly expected: readonly string[];
}

/** Above that of any package of Alpine, whose highest are some hundreds. */
const INSTALLED_PRIORITY = 60_000;

/** The name and version of a package, as apk shows them. */
export function labelOf({ name, version }: Pick<IndexedPackage, "name" | "version">): string {
  return `${name}-${version}`;
}

/** Most characters of what a user asks for: a name has 255 at most. */
const WANTED_LIMIT = 400;

/**
 * Constraints that a user gives, each once: apk's world has one item for a name, and takes the last of
 * several without a word.
 * @throws {TowerError} `usage`
 */
export function parseWanted(texts: readonly string[]): Dependency[] {
  const wanted = new Map<string, Dependency>();
  for (const text of new Set(texts)) {
    const item = text.length > WANTED_LIMIT ? undefined : readDependency(text);
    if (item === undefined || item.conflict || !/^[A-Za-z0-9_.]/.test(item.name)) {
      throw new TowerError("usage", `Cannot install "${text.slice(0, 80)}": it is no package`, {
        hint: "A package is name, name=1.2-r3, name~1.2, name>1 or name@tag",
      });
    }
    if (wanted.has(item.name)) {
      throw new TowerError("usage", `Cannot install "${item.name}" by two constraints: name one`);
    }
    wanted.set(item.name, item);
  }
  return [...wanted.values()];
}

/**
 * Plans what `apk add` does on a host: what is installed stays as it is but for what is asked for
 * by a version, as apk keeps it without `--upgrade`.
 *
 * @param sources Those of the host, in its order.
 * @throws {TowerError} `unsolvable` with what stands in the way.
 */
export function planInstall(
  wanted: readonly Dependency[],
  host: PackagesOfHost,
  sources: readonly Repository[],
): PackageChange {
  const names = new Set(wanted.map(({ name }) => name));
  const others = host.world.map(parseDependency).filter(({ name }) => !names.has(name));
  const world = [...others, ...wanted];
  const loose = new Set(
    wanted.filter((w) => w.version !== undefined || w.pin !== undefined).map(({ name }) => name),
  );
  const repositories = choicesOf(host, sources, loose);
  const solution = solve(world, repositories, { arch: host.arch });
  if (!solution.ok) {
    const known = new Set(sources.flatMap(({ packages }) => packages.map((p) => p.name)));
    throw new TowerError(
      "unsolvable",
      `Cannot choose packages beside those that are installed:\n${
        formatProblems(solution.problems, known)
      }`,
    );
  }
  return changeTo(world, solution.install, host);
}

/**
 * What `apk add` chooses from: what is there, as the first repository, and of the others what would
 * not change it.
 * @param loose Names whose packages may be changed.
 */
export function choicesOf(
  { installed }: Pick<PackagesOfHost, "installed">,
  sources: readonly Repository[],
  loose: ReadonlySet<string>,
): Repository[] {
  const there = new Map(installed.map((p) => [p.name, p]));
  const isOffered = (p: IndexedPackage) =>
    !there.has(p.name) || loose.has(p.name) || there.get(p.name)!.identity === p.identity;
  return [
    { url: "installed", packages: installed.filter(({ name }) => !loose.has(name)).map(kept) },
    ...sources.map((source) => ({ ...source, packages: source.packages.filter(isOffered) })),
  ];
}

/**
 * Plans what `apk upgrade` does on a host: its world from the newest that there is, installed or offered.
 *
 * @param sources Those of the host, in its order.
 * @throws {TowerError} `unsolvable` with what stands in the way.
 */
export function planUpgrade(host: PackagesOfHost, sources: readonly Repository[]): PackageChange {
  const there = new Set(host.installed.map(({ name }) => name));
  const world = host.world.map(parseDependency);
  const repositories = [
    { url: "installed", packages: host.installed.map(kept) },
    // A newer one of what is there is as good a provider as that.
    ...sources.map((source) => ({
      ...source,
      packages: source.packages.map((p) => there.has(p.name) ? kept(p) : p),
    })),
  ];
  const solution = solve(world, repositories, { arch: host.arch });
  if (solution.ok) return changeTo(world, solution.install, host);
  const known = new Set(sources.flatMap(({ packages }) => packages.map((p) => p.name)));
  const why = formatProblems(solution.problems, known);
  throw new TowerError("unsolvable", `Cannot choose newer packages:\n${why}`);
}

/**
 * Plans what `apk del` does on a host: names leave its world, and what nothing else needs goes.
 * @throws {TowerError} `not-found` for a name that its world has not; `unsolvable`
 */
export function planUninstall(
  names: readonly string[],
  host: PackagesOfHost,
): PackageChange {
  const { arch, world, installed } = host;
  const parsed = world.map(parseDependency);
  for (const name of names) {
    if (parsed.some((item) => item.name === name)) continue;
    throw new TowerError(
      "not-found",
      `Cannot uninstall "${name.slice(0, 80)}": nobody asked for it`,
      {
        hint: "The world has what was asked for; what others need goes with the last of them",
      },
    );
  }
  const left = parsed.filter(({ name }) => !names.includes(name));
  const solution = solve(left, [{ url: "installed", packages: installed.map(kept) }], { arch });
  if (!solution.ok) {
    const known = new Set(installed.map(({ name }) => name));
    const why = formatProblems(solution.problems, known);
    throw new TowerError("unsolvable", `Cannot do without these packages:\n${why}`);
  }
  return changeTo(left, solution.install, host);
}

/** The package of apk itself. */
const APK = "apk-tools";

/**
 * What a choice changes on a host.
 * @param install chosen from what is installed as the first repository, and its own behind that
 * @throws {TowerError} `conflict` where apk itself would go.
 */
function changeTo(
  world: readonly Dependency[],
  install: readonly Selected[],
  { installed, world: worldBefore }: PackagesOfHost,
): PackageChange {
  const there = new Map(installed.map((p) => [p.name, p]));
  const left = new Set(install.map(({ package: { name } }) => name));
  if (there.has(APK) && !left.has(APK)) {
    throw new TowerError("conflict", `Cannot take ${APK} away: packages come and go by it alone`, {
      hint: "Nothing here could bring it back",
    });
  }
  return {
    world: world.map(formatDependency),
    worldBefore,
    coming: install.flatMap(({ package: chosen, repository }): Coming[] => {
      const old = there.get(chosen.name);
      if (old?.identity === chosen.identity) return [];
      const replaces = old ? { replaces: old.version } : {};
      return [{ package: chosen, repository: repository - 1, ...replaces }];
    }),
    going: installed.filter(({ name }) => !left.has(name)),
    expected: install.map(({ package: p }) => labelOf(p)).sort(compareBytes),
  };
}

/**
 * An installed package as it is chosen from: apk takes what is there before all others that provide a
 * name, also where it provides that without a version.
 */
function kept(installed: IndexedPackage): IndexedPackage {
  return { ...installed, providerPriority: INSTALLED_PRIORITY };
}
