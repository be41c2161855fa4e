import { printable } from "../../errors.ts";
import { didYouMean } from "../../report/did_you_mean.ts";
import type { LinkedPackage } from "./linked_index.ts";
import {
  type Edge,
  isMet,
  type NameNode,
  type PackageNode,
  type Universe,
  type WorldEdge,
} from "./universe.ts";

/** Who asks for something: `world`, or the name and version of a package. */
export interface Demand {
  readonly by: string;
  readonly dependency: string;
}

/** Why a package could not be chosen. */
export type Refusal =
  | { readonly kind: "uninstallable"; readonly because: string }
  /** It is only in repositories with these tags, and nothing pins it there. */
  | { readonly kind: "pin"; readonly tags: readonly string[] }
  /** Someone asks for another version, or for its absence. */
  | { readonly kind: "breaks"; readonly demand: Demand }
  /** Another package that is needed has, or provides, the same name. */
  | { readonly kind: "conflict"; readonly with: string; readonly name: string }
  /** Nothing in any repository meets its dependency. */
  | { readonly kind: "unmet"; readonly dependency: string }
  /** It provides one name twice, once with a version: apk takes that as a conflict. */
  | { readonly kind: "twice"; readonly name: string }
  /** It provides the name without a version and without priority: it must be asked for by name. */
  | { readonly kind: "unasked" }
  /** The solver's own words, where no rule above tells more. */
  | { readonly kind: "other"; readonly because: string };

/** A package that provides a wanted name. */
export interface Candidate {
  readonly package: LinkedPackage;
  readonly refusals: readonly Refusal[];
}

/** A name that nothing could be chosen for. */
export interface Problem {
  readonly name: string;
  readonly requiredBy: readonly Demand[];
  readonly cause: "missing" | "virtual" | "refused" | "unknown-tag";
  readonly candidates: readonly Candidate[];
}

const FAILED_TOGETHER = "what it needs cannot all be chosen together";

/** Candidates that are told of one name. */
const MAX_CANDIDATES = 50;

interface Asked {
  readonly by: PackageNode | undefined;
  readonly edge: Edge;
}

/** What stands in the way, once a run has failed: one problem for each name that it left open. */
export function diagnose(
  world: readonly WorldEdge[],
  plan: readonly PackageNode[],
  universe: Universe,
): Problem[] {
  const asked: Asked[] = [
    ...world.map((edge) => ({ by: undefined, edge })),
    ...plan.flatMap((node) => node.depends.map((edge) => ({ by: node, edge }))),
  ];
  const byName = new Map<NameNode, Asked[]>();
  for (const item of asked) {
    const known = byName.get(item.edge.target);
    if (known) known.push(item);
    else byName.set(item.edge.target, [item]);
  }
  const judge = new Judge(byName, new Set(plan), universe);
  const problems: Problem[] = [];
  const told = new Set<PackageNode>();
  for (const [name, demands] of byName) {
    const chosen = name.state.chosen?.package;
    const wanted = demands.filter(({ edge }) => !edge.conflict);
    if (wanted.length === 0 || chosen && told.has(chosen)) continue;
    const isSound = chosen && judge.refusalsOf(chosen, name, false).length === 0;
    if (isSound && wanted.every(({ edge }) => isMet(edge, name.state.chosen))) continue;
    if (chosen) told.add(chosen);
    problems.push(problemOf(name, wanted, judge));
  }
  return problems.length > 0 ? problems : leftovers(plan);
}

function problemOf(name: NameNode, wanted: readonly Asked[], judge: Judge): Problem {
  const nodes = [...new Set(name.providers.map((p) => p.package))].slice(0, MAX_CANDIDATES);
  return {
    name: name.text,
    requiredBy: wanted.map(demandOf),
    cause: nodes.length === 0 ? "missing" : name.state.chosen ? "refused" : "virtual",
    candidates: nodes.map((node) => ({
      package: node.entry,
      refusals: judge.refusalsOf(node, name, true),
    })),
  };
}

/** Packages that failed without a rule that tells why. */
function leftovers(plan: readonly PackageNode[]): Problem[] {
  return plan.filter((node) => node.state.failed).map((node) => ({
    name: node.name.text,
    requiredBy: [],
    cause: "refused",
    candidates: [{
      package: node.entry,
      refusals: [{ kind: "other", because: node.state.refusal ?? FAILED_TOGETHER }],
    }],
  }));
}

class Judge {
  constructor(
    readonly asked: ReadonlyMap<NameNode, readonly Asked[]>,
    readonly plan: ReadonlySet<PackageNode>,
    readonly universe: Universe,
  ) {}

  /** @param all also tell what only matters for a package that was not chosen. */
  refusalsOf(node: PackageNode, wanted: NameNode, all: boolean): Refusal[] {
    const found: Refusal[] = [];
    if (node.refused !== undefined) found.push({ kind: "uninstallable", because: node.refused });
    if (!node.state.pinAllowed) found.push({ kind: "pin", tags: this.#tagsOf(node) });
    found.push(...this.#broken(node), ...this.#rivals(node), ...this.#unmet(node));
    found.push(...this.#twice(node));
    if (!all || found.length > 0) return found;
    if (needsAsking(node, wanted)) return [{ kind: "unasked" }];
    const because = node.state.refusal ?? FAILED_TOGETHER;
    return [{ kind: "other", because }];
  }

  #tagsOf(node: PackageNode): string[] {
    return this.universe.repositories
      .filter((_, i) => (node.repositories & 1 << i) !== 0)
      .map((repository) => repository.tag ?? "");
  }

  #broken(node: PackageNode): Refusal[] {
    const offers = new Map([[node.name, node.entry.version as string | undefined]]);
    for (const { target, version } of node.provides) {
      if (!offers.has(target)) offers.set(target, version);
    }
    return [...offers].flatMap(([name, version]) =>
      (this.asked.get(name) ?? [])
        .filter(({ edge }) => !isMet(edge, { package: node, version }))
        .map((item): Refusal => ({ kind: "breaks", demand: demandOf(item) }))
    );
  }

  #rivals(node: PackageNode): Refusal[] {
    const found = new Map<PackageNode, Refusal>();
    const look = (name: NameNode, version: string | undefined) => {
      for (const other of name.providers) {
        if (other.package === node || !this.plan.has(other.package)) continue;
        if (version === undefined && other.version === undefined) continue;
        if (found.has(other.package)) continue;
        found.set(other.package, { kind: "conflict", with: other.package.label, name: name.text });
      }
    };
    look(node.name, node.entry.version);
    for (const { target, version } of node.provides) look(target, version);
    return [...found.values()];
  }

  #twice(node: PackageNode): Refusal[] {
    const offers = [[node.name, node.entry.version] as const]
      .concat(node.provides.map(({ target, version }) => [target, version ?? ""] as const));
    const twice = offers.find(([name, version], i) =>
      offers.some(([other, another], k) => k !== i && other === name && version + another !== "")
    );
    if (!twice) return [];
    return [{ kind: "twice", name: twice[0].text }];
  }

  #unmet(node: PackageNode): Refusal[] {
    return node.depends
      .filter((edge) => !edge.conflict && !edge.target.providers.some((p) => isMet(edge, p)))
      .map((edge) => ({ kind: "unmet", dependency: edge.text }));
  }
}

function needsAsking(node: PackageNode, name: NameNode): boolean {
  return node.name !== name && (node.entry.providerPriority ?? 0) === 0 &&
    node.provides.every((edge) => edge.target !== name || edge.version === undefined);
}

function demandOf({ by, edge }: Asked): Demand {
  return { by: by?.label ?? "world", dependency: edge.text };
}

/**
 * Problems as text for a user: one paragraph for each name, one line for each candidate.
 * @param known Names that may have been meant.
 */
export function formatProblems(
  problems: readonly Problem[],
  known: Iterable<string> = [],
): string {
  return printable(problems.map((problem) => formatProblem(problem, known)).join("\n"));
}

const CAUSES = {
  missing: "no repository has it",
  virtual: "a package provides it without a version; name that package",
  refused: "no candidate fits",
  "unknown-tag": "no repository has that tag",
} as const;

function formatProblem(
  { name, requiredBy, cause, candidates }: Problem,
  known: Iterable<string>,
): string {
  const demands = requiredBy.slice(0, 5).map(({ by, dependency }) => `${by} (${dependency})`);
  if (requiredBy.length > 5) demands.push(`${requiredBy.length - 5} more`);
  const asked = demands.length === 0 ? "" : `, asked for by ${demands.join(", ")}`;
  const lines = candidates.map((candidate) => {
    const { name, version } = candidate.package;
    return `  ${name}-${version}: ${candidate.refusals.map(formatRefusal).join("; ")}`;
  });
  const meant = cause === "missing" ? didYouMean(name, known) : "";
  return [`${name}: ${CAUSES[cause]}${asked}${meant}`, ...lines].join("\n");
}

/** One reason as text. */
export function formatRefusal(refusal: Refusal): string {
  switch (refusal.kind) {
    case "uninstallable":
    case "other":
      return refusal.because;
    case "pin":
      return `it is only in ${refusal.tags.map((tag) => `@${tag}`).join(", ")}`;
    case "breaks":
      return `${refusal.demand.by} asks for ${refusal.demand.dependency}`;
    case "conflict":
      return `${refusal.with} is needed too and has the same name ${refusal.name}`;
    case "unmet":
      return `nothing meets its dependency ${refusal.dependency}`;
    case "twice":
      return `it provides ${refusal.name} twice`;
    case "unasked":
      return "it can provide it, if you ask for it by name";
  }
}
