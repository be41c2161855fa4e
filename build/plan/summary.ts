import { count, formatBytes } from "../../lib/report/quantity.ts";
import { apkSourcesOf, type Lock, namedSourcesOf, packagesOf } from "./lock.ts";
import { outputLines } from "../kinds/outputs.ts";
import { stageLine } from "../kinds/stages.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import type { BuildPlan, TreePlan } from "./plan.ts";

/** How much a lock names: `4 packages`, or `4 packages, 1 source`. */
export function lockedParts(lock: Lock): string {
  const sources = namedSourcesOf(lock).length;
  const packages = count(packagesOf(lock).length, "package");
  return sources === 0 ? packages : `${packages}, ${count(sources, "source")}`;
}

/** Where a plan's parts lie on this machine. */
export interface PlanPlaces {
  readonly lockFile: string;
  /** Folder of the artifacts. */
  readonly output: string;
}

/** What a tree is made of; alone, it needs no line of its own. */
function treeRows(tree: TreePlan, isNamed: boolean): (readonly [string, string])[] {
  const { name, from, difference, stages } = tree;
  const begins = from !== undefined
    ? `${name}, from ${from}`
    : difference
    ? `${name}, what ${difference.to} has beyond ${difference.from}`
    : name;
  return [
    ...isNamed || begins !== ROOT_TREE ? [["tree", begins] as const] : [],
    ...stages.map((stage) => ["stage", stageLine(stage)] as const),
  ];
}

/** A plan as people read it, a line for each part. Pure: the whole of it is JSON. */
export function planSummary(plan: BuildPlan, lock: Lock, places: PlanPlaces): string {
  const packages = packagesOf(lock);
  const size = packages.reduce((sum, p) => sum + p.size, 0);
  const newest = new Date(plan.epoch * 1000).toISOString().replace(".000Z", "Z");
  const missing = [...new Set(apkSourcesOf(lock).flatMap(({ missing }) => missing ?? []))];
  // The same for all: the command line's, or the manifest's.
  const { repositories = [], keys = [] } = apkSourcesOf(lock)[0] ?? {};
  const rows: (readonly [string, string])[] = [
    ["system", `${plan.system} for ${plan.arch}`],
    ["plan", plan.id],
    ["lock", `${places.lockFile} (${plan.lock})`],
    ...repositories.map(({ name, tag }) =>
      ["repository", tag === undefined ? name : `@${tag} ${name}`] as const
    ),
    ...keys.map(({ name }) => ["key", name] as const),
    ["packages", `${count(packages.length, "package")}, ${formatBytes(size)} to load`],
    ...missing.length > 0 ? [["not there", missing.join(", ")] as const] : [],
    ...namedSourcesOf(lock).map(({ kind, name, digest, size }) =>
      ["source", `${name}: ${kind}, ${formatBytes(size)} (${digest})`] as const
    ),
    ["newest", `${newest}, the time of all files that packages do not date`],
    ...plan.trees.flatMap((tree) => treeRows(tree, plan.trees.length > 1)),
    ...plan.outputs.flatMap(outputLines).map((line) => ["output", line] as const),
    ["folder", places.output],
  ];
  return rows.map(([name, value], i) =>
    `${(rows[i - 1]?.[0] === name ? "" : name).padEnd(10)}  ${value}\n`
  ).join("");
}
