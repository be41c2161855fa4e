import { compareBytes } from "../../lib/bytes/bytes.ts";
import type { Arch } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Closure, Omissions } from "./closure.ts";

/** What a file of a package is made of at the time the repository is made. */
export type Derivation =
  /** etc/busybox-paths.d/busybox: the applets of the Debian package's own /bin/busybox. */
  | "busybox-paths"
  /** usr/share/kernel/FLAVOUR/kernel.release, and /boot/*-FLAVOUR in place of its version. */
  | "kernel"
  /** The same, without the modules that a host has no use for. */
  | "pc-kernel"
  /** As kernel, and the device trees of Raspberry Pis in /boot. */
  | "raspberry-pi-kernel";

/**
 * One package of the repository: files of a Debian package, files of our own that stand in
 * tasks/lab/packages/NAME, or both. Paths have no leading slash; a prefix ends with a slash or
 * is a whole path.
 */
export interface Recipe {
  /** Alpine's name of it. */
  readonly name: string;
  /** Debian package by name, or by a pattern that one member of the closure matches. */
  readonly deb?: string | RegExp;
  /** Version of a package that has no Debian package. */
  readonly version?: string;
  readonly description?: string;
  /** Prefixes of paths that are taken from the Debian package; all by default. */
  readonly only?: readonly string[];
  /** Prefixes of paths that are left out, beside the set's. */
  readonly drop?: readonly string[];
  /** Prefixes of paths that change. */
  readonly move?: readonly (readonly [from: string, to: string])[];
  readonly directories?: readonly (readonly [path: string, mode: number])[];
  readonly links?: readonly (readonly [path: string, target: string])[];
  /** Mode and group of our own files where they are not 0644 (0755 with `#!`), root. */
  readonly owners?: Readonly<Record<string, { readonly mode: number; readonly gid: number }>>;
  /** Whether the Debian package's dependencies go here. False for a part split off. */
  readonly inherits?: boolean;
  /** `{version}` in these stands for the package's own version. */
  readonly depends?: readonly string[];
  readonly provides?: readonly string[];
  /** Without one apk does not choose a package for a name that it provides without a version. */
  readonly providerPriority?: number;
  readonly installIf?: readonly string[];
  readonly replaces?: readonly string[];
  readonly triggers?: readonly string[];
  readonly derive?: Derivation;
}

/** A repository to make. */
export interface PackageSet {
  /** Folder below the cache folder. */
  readonly folder: string;
  readonly arch: Arch;
  /** Debian packages whose closure is taken. */
  readonly roots: readonly string[];
  /** Debian packages that are taken as well where apt knows them. */
  readonly wished?: readonly string[];
  /** Debian packages that are left out, each with the reason. */
  readonly omitted: Omissions;
  /** Prefixes of paths that no package has. */
  readonly drop: readonly string[];
  readonly recipes: readonly Recipe[];
}

/** A recipe and the Debian package that it names, found in a closure. */
export interface PlacedRecipe extends Recipe {
  readonly source: string | undefined;
}

/**
 * The recipes of a set for the members of a closure: those of the table, and one that keeps
 * Debian's name for each member that the table does not name. In the order of names. Recipes of
 * packages that were only wished for, and are not there, are left out.
 *
 * @throws {TowerError} `not-found` when a recipe's Debian package is not in the closure.
 */
export function recipesFor(set: PackageSet, closure: Closure): PlacedRecipe[] {
  const isAbsent = ({ deb }: Recipe) =>
    typeof deb === "string" && set.wished?.includes(deb) && !closure.has(deb);
  const recipes = set.recipes.filter((recipe) => !isAbsent(recipe));
  const placed: PlacedRecipe[] = recipes.map((recipe) => ({
    ...recipe,
    source: sourceOf(recipe, closure),
  }));
  const taken = new Set(placed.map((recipe) => recipe.source));
  for (const name of closure.keys()) {
    if (!taken.has(name)) placed.push({ name, source: name });
  }
  return placed.sort((a, b) => compareBytes(a.name, b.name));
}

function sourceOf(recipe: Recipe, closure: Closure): string | undefined {
  const { deb } = recipe;
  if (deb === undefined) return undefined;
  const name = typeof deb === "string"
    ? (closure.has(deb) ? deb : undefined)
    : [...closure.keys()].find((member) => deb.test(member));
  if (name !== undefined) return name;
  throw new TowerError(
    "not-found",
    `Cannot make package "${recipe.name}": no Debian package matches "${deb}"`,
  );
}

/** Whether a path is below one of the prefixes, or is one of them. */
export function matches(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) =>
    path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`) ||
    `${path}/` === prefix
  );
}

/**
 * The path that a Debian package's file has in the package that a recipe makes; undefined when it
 * is left out.
 */
export function placeOf(path: string, recipe: Recipe, drop: readonly string[]): string | undefined {
  if (recipe.only && !matches(path, recipe.only)) return undefined;
  if (matches(path, recipe.drop ?? []) || matches(path, drop)) return undefined;
  for (const [from, to] of recipe.move ?? []) {
    if (path.startsWith(from)) return to + path.slice(from.length);
  }
  return path;
}
