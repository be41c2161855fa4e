import { GREATER, LESS, relationOf } from "../version.ts";
import type { NameNode, PackageNode, Provider } from "./universe.ts";

type NameState = NameNode["state"];

/** The provider that a name gets, or undefined for nobody (src/solver.c select_package). */
export function preferred(name: NameNode): Provider | undefined {
  const { requirers, hasInstallIf } = name.state;
  if (requirers === 0 && !hasInstallIf) return undefined;
  let best: Provider | undefined;
  for (const provider of name.providers) {
    const { state } = provider.package;
    if (requirers === 0 && !(state.installIfMet && state.pinAllowed)) continue;
    if (!mayBeChosenUnasked(provider)) continue;
    if (!best || comparePreference(provider, best) > 0) best = provider;
  }
  return best;
}

/** A name provided without a version needs a priority, or someone who asks for the package. */
function mayBeChosenUnasked({ package: node, version }: Provider): boolean {
  return version !== undefined || (node.entry.providerPriority ?? 0) > 0 ||
    node.name.state.requirers > 0;
}

/** Positive where `a` is to be preferred (src/solver.c compare_providers, nothing installed). */
function comparePreference(a: Provider, b: Provider): number {
  const [p, q] = [a.package, b.package];
  return Number(p.state.selectable) - Number(q.state.selectable) ||
    Number(p.state.dependsUsed) - Number(q.state.dependsUsed) ||
    q.state.conflicts - p.state.conflicts ||
    Number(p.state.pinAllowed) - Number(q.state.pinAllowed) ||
    Number(p.state.pinPreferred) - Number(q.state.pinPreferred) ||
    compareOffered(a.version, b.version) ||
    (p.name === q.name ? compareOffered(p.entry.version, q.entry.version) : 0) ||
    (p.entry.providerPriority ?? 0) - (q.entry.providerPriority ?? 0) ||
    firstRepository(q) - firstRepository(p);
}

/** A name offered without a version decides nothing. */
function compareOffered(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const relation = relationOf(a, b);
  return relation === LESS ? -1 : relation === GREATER ? 1 : 0;
}

function firstRepository({ repositories }: PackageNode): number {
  return 31 - Math.clz32(repositories & -repositories);
}

/**
 * The name to decide next: one without alternatives, else the one that apk takes first.
 * @param waiting names without a choice, the last one added at the end.
 */
export function nextToDecide(waiting: readonly NameNode[]): NameNode | undefined {
  let best: NameNode | undefined, bestState: NameState | undefined;
  for (let i = waiting.length - 1; i >= 0; i--) {
    const name = waiting[i]!, { state } = name;
    if (state.askersDone && state.requirers > 0 && !state.hasOptions) return name;
    if (bestState && !comesBefore(state, bestState)) continue;
    best = name;
    bestState = state;
  }
  return best;
}

/** The world's names first, then real before virtual, deep before shallow, required before not. */
function comesBefore(a: NameState, b: NameState): boolean {
  if (a.inWorld !== b.inWorld) return a.inWorld;
  if (a.virtuality !== b.virtuality) return a.virtuality < b.virtuality;
  if (a.depth !== b.depth) return a.depth > b.depth;
  return a.requirers > 0 && b.requirers === 0;
}

/** Counts what an option depends on and provides, to find what all options share. */
export function mergeOption(provider: Provider, options: number): void {
  const node = provider.package;
  node.state.dependsMerged = true;
  for (let i = 0; i < node.depends.length; i++) {
    const { conflict, target: { state } } = node.depends[i]!;
    if (!conflict && state.mergedDepends === options) state.mergedDepends = options + 1;
  }
  merge(node.name.state, provider.version, options);
  for (let i = 0; i < node.provides.length; i++) {
    const { target, version } = node.provides[i]!;
    merge(target.state, version, options);
  }
}

function merge(state: NameState, version: string | undefined, options: number): void {
  if (state.mergedProvides !== options) return;
  state.mergedProvides = options + 1;
  if (version === undefined) state.providedVirtually = true;
}
