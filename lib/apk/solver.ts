import { compareBytes } from "../bytes/bytes.ts";
import { type Dependency, formatDependency } from "./dependency.ts";
import { discover } from "./solver/discover.ts";
import { installOrder } from "./solver/install_order.ts";
import type { LinkedPackage } from "./solver/linked_index.ts";
import { diagnose, type Problem } from "./solver/problems.ts";
import { Run } from "./solver/run.ts";
import {
  isMet,
  type PackageNode,
  type Repository,
  Universe,
  universeOf,
  WorldEdge,
} from "./solver/universe.ts";

export type { Repository, Source } from "./solver/universe.ts";
export { type Candidate, formatProblems, type Problem, type Refusal } from "./solver/problems.ts";
export { Universe, universeOf };
export { link } from "./solver/link.ts";
export { LinkedIndex, type LinkedPackage } from "./solver/linked_index.ts";

/** What first pulls a package in. */
export type Reason =
  | { readonly kind: "world"; readonly dependency: string }
  /** `by` is the name and version of the package that depends on it. */
  | { readonly kind: "dependency"; readonly by: string; readonly dependency: string }
  | { readonly kind: "install-if"; readonly conditions: readonly string[] };

/** A package that is to be installed. */
export interface Selected {
  readonly package: LinkedPackage;
  /** Index of the repository to take it from. */
  readonly repository: number;
  readonly reason: Reason;
}

/** `install` is in apk's order: a package's dependencies come first, as far as no cycle forbids. */
export type Solution =
  | { readonly ok: true; readonly install: readonly Selected[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface SolveOptions {
  /** apk's name of the architecture; packages for another one are refused. */
  readonly arch: string;
}

/**
 * Chooses packages that satisfy a world on an empty root, as `apk add` of apk-tools 2.14 does: the
 * same packages, in the same order, refused where apk refuses.
 */
export function solve(
  world: readonly Dependency[],
  repositories: readonly Repository[],
  options: SolveOptions,
): Solution {
  return solveIn(universeOf(repositories, options.arch), world);
}

/** As {@linkcode solve}, over repositories that are linked already: many worlds, one index. */
export function solveIn(universe: Universe, world: readonly Dependency[]): Solution {
  universe.reset();
  const tags = pinsOf(universe);
  const unknown = world.filter((d) => d.pin !== undefined && !tags.includes(d.pin));
  if (unknown.length > 0) {
    const problems = unknown.map((d): Problem => ({
      name: d.name,
      requiredBy: [{ by: "world", dependency: formatDependency(d) }],
      cause: "unknown-tag",
      candidates: [],
    }));
    return { ok: false, problems };
  }
  const edges = world.map((dependency) =>
    new WorldEdge(
      dependency,
      universe.name(dependency.name),
      formatDependency(dependency),
      1 << tags.indexOf(dependency.pin),
    )
  );
  edges.sort((a, b) => compareForDisplay(a.target.text, b.target.text));
  for (const edge of edges) edge.target.state.inWorld = true;
  const seen = discover(universe, edges.map((edge) => edge.target));
  const pinRepositories = tags.map((tag) => universe.repositoriesWith(tag));
  const run = new Run(seen, pinRepositories);
  run.choose(edges);
  const order = installOrder(edges, run);
  if (run.errors > 0) return { ok: false, problems: diagnose(edges, order, universe) };
  return { ok: true, install: describe(edges, order, pinRepositories) };
}

/** No tag first, then each tag once; a pin's bit is its place here. */
function pinsOf(universe: Universe): (string | undefined)[] {
  return [...new Set([undefined, ...universe.repositories.map((r) => r.tag)])];
}

/** The order of the world file: without regard to case, then by bytes (apk_name_cmp_display). */
function compareForDisplay(a: string, b: string): number {
  return compareBytes(lowered(a), lowered(b)) || compareBytes(a, b);
}

function lowered(text: string): string {
  return text.replace(/[A-Z]/g, (c) => c.toLowerCase());
}

function describe(
  world: readonly WorldEdge[],
  order: readonly PackageNode[],
  pinRepositories: readonly number[],
): Selected[] {
  const reasons = new Map<PackageNode, Reason>();
  const give = (edge: WorldEdge["target"]["state"]["chosen"], reason: Reason) => {
    if (edge && !reasons.has(edge.package)) reasons.set(edge.package, reason);
  };
  for (const { target, conflict, text } of world) {
    if (!conflict) give(target.state.chosen, { kind: "world", dependency: text });
  }
  for (const node of order) {
    for (const edge of node.depends) {
      const { chosen } = edge.target.state;
      if (edge.conflict || !isMet(edge, chosen)) continue;
      give(chosen, { kind: "dependency", by: node.label, dependency: edge.text });
    }
  }
  return order.map((node) => ({
    package: node.entry,
    repository: sourceOf(node, pinRepositories),
    reason: reasons.get(node) ?? { kind: "install-if", conditions: node.entry.installIf },
  }));
}

/** The first repository that the package's pins allow, else the first that has it. */
function sourceOf(node: PackageNode, pinRepositories: readonly number[]): number {
  const allowed = pinRepositories.reduce(
    (bits, repositories, i) => node.state.pinsAllowed & 1 << i ? bits | repositories : bits,
    0,
  );
  const bits = node.repositories & allowed || node.repositories;
  return 31 - Math.clz32(bits & -bits);
}
