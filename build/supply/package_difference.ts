import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import { type Difference, differenceOf } from "./difference.ts";

export interface PackageVersion {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Those that it is about, where a build has several and both say which packages are in them. */
  readonly trees?: readonly string[];
}

/** A package in one tree. */
interface Installed extends Omit<PackageVersion, "trees"> {
  readonly tree: string;
}

/**
 * What two builds differ in by their packages. Each tree has versions of its own; what is the same of
 * several is one item with all of their names.
 */
export function comparePackages(
  before: BuildRecord,
  after: BuildRecord,
): Difference<PackageVersion> {
  const both = [before, after];
  const areTold = both.every(knowsTrees) && both.some(hasSeveral);
  const { added, removed, changed } = differenceOf(
    installedIn(before, areTold),
    installedIn(after, areTold),
    (a, b) => a.digest === b.digest && a.version === b.version,
  );
  const named = (item: Installed, trees: readonly string[]): PackageVersion => {
    const { name, version, digest } = item;
    return { name, version, digest, ...(areTold ? { trees } : {}) };
  };
  const merged = (items: readonly Installed[]) =>
    groupsOf(items, keyOf).map(([item, group]) => named(item, group.map(({ tree }) => tree)));
  return {
    added: merged(added),
    removed: merged(removed),
    changed: groupsOf(changed, ({ before, after }) => `${keyOf(before)} ${keyOf(after)}`)
      .map(([{ before, after }, group]) => {
        const trees = group.map(({ after }) => after.tree);
        return { before: named(before, trees), after: named(after, trees) };
      }),
  };
}

/** Records of builds with several trees did not say it before. */
function knowsTrees(record: BuildRecord): boolean {
  return !hasSeveral(record) || record.packages.every(({ trees }) => trees !== undefined);
}

function hasSeveral({ trees = [] }: BuildRecord): boolean {
  return trees.length > 1;
}

function installedIn(
  { packages, trees: [only] = [] }: BuildRecord,
  areTold: boolean,
): ReadonlyMap<string, Installed> {
  return new Map(packages.flatMap(({ name, version, digest, trees }) => {
    const all = areTold ? trees ?? [only?.name ?? ROOT_TREE] : [ROOT_TREE];
    return all.map((tree) => [`${name} ${tree}`, { name, version, digest, tree }] as const);
  }));
}

function keyOf({ name, version, digest }: Installed): string {
  return `${name} ${version} ${digest}`;
}

/** Items of one key together, in the order of their first. */
function groupsOf<T>(items: readonly T[], key: (item: T) => string): [T, T[]][] {
  return [...Map.groupBy(items, key).values()].map((group) => [group[0]!, group]);
}
