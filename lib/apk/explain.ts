import { printable } from "../errors.ts";
import { type Dependency, formatDependency, readDependency, satisfies } from "./dependency.ts";
import type { Identity } from "./identity.ts";
import { formatProblems, type Problem, type Selected, solveIn, type Universe } from "./solver.ts";

/** One package on the way, and what it does to the next: depends on it, or triggers it. */
export interface Link {
  /** Name and version. */
  readonly package: string;
  /** What asked for it: an item of the world, a dependency, or one condition of its install_if. */
  readonly by: string;
  readonly kind: "world" | "dependency" | "install-if";
}

/** From an item of the world, first, to the package in question, last. */
export type Chain = readonly Link[];

/** Who asks for a selected package, and how. */
interface Asker {
  readonly from: number;
  readonly by: string;
  readonly kind: "dependency" | "install-if";
}

/**
 * Why a package is installed: for each item of the world that leads to it, the shortest chain.
 * `name` is a package's name or one that a package provides. Empty where nothing selected has it.
 */
export function why(
  install: readonly Selected[],
  world: readonly Dependency[],
  name: string,
): Chain[] {
  return [...waysOf(install, world, name)];
}

/** As {@linkcode why}, one chain after the other, for who wants but some of them. */
export function* waysOf(
  install: readonly Selected[],
  world: readonly Dependency[],
  name: string,
): Generator<Chain> {
  const owners = ownersOf(install);
  const target = install.findIndex((item) => item.package.name === name);
  const goal = target >= 0 ? target : owners.get(name)?.[0]?.index;
  if (goal === undefined) return;
  const nextOf = waysTo(goal, askersOf(install, owners));
  for (const item of world) {
    if (item.conflict) continue;
    const start = meeting(owners, item);
    const isOnTheWay = start !== undefined && (start === goal || nextOf.has(start));
    if (isOnTheWay) yield chainFrom(start, formatDependency(item), goal, nextOf, install);
  }
}

interface Owner {
  readonly index: number;
  readonly version: string | undefined;
  readonly identity: Identity;
}

/** Which selected packages have or provide each name. */
function ownersOf(install: readonly Selected[]): Map<string, Owner[]> {
  const owners = new Map<string, Owner[]>();
  const add = (name: string, owner: Owner) => {
    const known = owners.get(name);
    if (known) known.push(owner);
    else owners.set(name, [owner]);
  };
  install.forEach(({ package: item }, index) => {
    add(item.name, { index, version: item.version, identity: item.identity });
    for (const text of item.provides) {
      const provided = readDependency(text);
      if (!provided) continue;
      add(provided.name, { index, version: provided.version, identity: item.identity });
    }
  });
  return owners;
}

function meeting(owners: Map<string, Owner[]>, dependency: Dependency): number | undefined {
  return owners.get(dependency.name)
    ?.find((owner) => satisfies(dependency, owner.version, owner.identity))?.index;
}

function askersOf(install: readonly Selected[], owners: Map<string, Owner[]>): Asker[][] {
  const askers: Asker[][] = install.map(() => []);
  install.forEach(({ package: item, reason }, index) => {
    for (const by of item.depends) {
      const dependency = readDependency(by);
      if (!dependency || dependency.conflict) continue;
      const met = meeting(owners, dependency);
      if (met !== undefined) askers[met]!.push({ from: index, by, kind: "dependency" });
    }
    if (reason.kind !== "install-if") return;
    for (const by of item.installIf) {
      const condition = readDependency(by);
      if (!condition || condition.conflict) continue;
      const met = meeting(owners, condition);
      if (met !== undefined) askers[index]!.push({ from: met, by, kind: "install-if" });
    }
  });
  return askers;
}

/** For each package that leads to the goal, the next one on a shortest way. */
function waysTo(goal: number, askers: readonly Asker[][]): Map<number, Asker & { to: number }> {
  const next = new Map<number, Asker & { to: number }>();
  const queue = [goal];
  for (const at of queue) {
    for (const asker of askers[at]!) {
      if (asker.from === goal || next.has(asker.from)) continue;
      next.set(asker.from, { ...asker, to: at });
      queue.push(asker.from);
    }
  }
  return next;
}

function chainFrom(
  start: number,
  item: string,
  goal: number,
  nextOf: ReadonlyMap<number, Asker & { to: number }>,
  install: readonly Selected[],
): Chain {
  const chain: Link[] = [{ package: labelOf(install[start]!), by: item, kind: "world" }];
  for (let at = start; at !== goal;) {
    const { to, by, kind } = nextOf.get(at)!;
    chain.push({ package: labelOf(install[to]!), by, kind });
    at = to;
  }
  return chain;
}

/** Chains as text, one paragraph each. */
export function formatWhy(name: string, chains: readonly Chain[]): string {
  if (chains.length === 0) return printable(`${name} is not installed`);
  return printable(chains.map(formatChain).join("\n"));
}

function formatChain(chain: Chain): string {
  return chain.map((link, i) => {
    const how = link.kind === "world"
      ? `the world asks for ${link.by}`
      : link.kind === "dependency"
      ? `dependency ${link.by}`
      : `install_if ${link.by}`;
    return `${"  ".repeat(i)}${link.package} (${how})`;
  }).join("\n");
}

/** What keeps a package out of a world. */
export type WhyNot =
  /** It is not kept out: the world has it. */
  | { readonly kind: "installed"; readonly package: string }
  /** The world has no solution even without it. */
  | { readonly kind: "unsolvable"; readonly problems: readonly Problem[] }
  /** With it the world would have no solution. */
  | { readonly kind: "refused"; readonly problems: readonly Problem[] }
  /**
   * Nothing asks for it. `instead` is what the world has for the same name; `adds` and `drops`
   * are the packages that would come and go if the world asked for it.
   */
  | {
    readonly kind: "unasked";
    readonly instead?: string;
    readonly adds: readonly string[];
    readonly drops: readonly string[];
  };

/** What keeps out the package that a constraint names, such as `nginx` or `openssl>=3`. */
export function whyNot(
  wanted: Dependency,
  world: readonly Dependency[],
  universe: Universe,
): WhyNot {
  const now = solveIn(universe, world);
  if (!now.ok) return { kind: "unsolvable", problems: now.problems };
  const owners = ownersOf(now.install);
  const met = meeting(owners, wanted);
  if (met !== undefined) return { kind: "installed", package: labelOf(now.install[met]!) };
  const then = solveIn(universe, [...world, wanted]);
  if (!then.ok) return { kind: "refused", problems: then.problems };
  const before = new Set(now.install.map(labelOf)), after = new Set(then.install.map(labelOf));
  const other = owners.get(wanted.name)?.[0]?.index;
  return {
    kind: "unasked",
    ...(other === undefined ? {} : { instead: labelOf(now.install[other]!) }),
    adds: [...after].filter((label) => !before.has(label)),
    drops: [...before].filter((label) => !after.has(label)),
  };
}

/** The answer of {@linkcode whyNot} as text. */
export function formatWhyNot(wanted: Dependency, answer: WhyNot): string {
  const text = formatDependency(wanted);
  switch (answer.kind) {
    case "installed":
      return printable(`${text} is installed: ${answer.package}`);
    case "unsolvable":
      return printable(`the world has no solution\n`) + formatProblems(answer.problems);
    case "refused":
      return printable(`${text} cannot be added\n`) + formatProblems(answer.problems);
  }
  const lines = [`nothing asks for ${text}; it could be added`];
  if (answer.instead !== undefined) lines.push(`  the world has ${answer.instead} for that name`);
  if (answer.adds.length > 0) lines.push(`  would add: ${answer.adds.join(" ")}`);
  if (answer.drops.length > 0) lines.push(`  would drop: ${answer.drops.join(" ")}`);
  return printable(lines.join("\n"));
}

function labelOf({ package: { name, version } }: Selected): string {
  return `${name}-${version}`;
}
