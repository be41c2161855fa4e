import { GREATER, LESS, relationOf } from "../version.ts";
import type { NameNode, PackageNode, Provider } from "./universe.ts";

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
  let best: NameNode | undefined;
  for (let i = waiting.length - 1; i >= 0; i--) {
    const name = waiting[i]!;
    if (name.state.askersDone && name.state.requirers > 0 && !name.state.hasOptions) return name;
    if (!best || comesBefore(name, best)) best = name;
  }
  return best;
}

/** The world's names first, then real before virtual, deep before shallow, required before not. */
function comesBefore(a: NameNode, b: NameNode): boolean {
  if (a.state.inWorld !== b.state.inWorld) return a.state.inWorld;
  if (a.state.virtuality !== b.state.virtuality) return a.state.virtuality < b.state.virtuality;
  if (a.state.depth !== b.state.depth) return a.state.depth > b.state.depth;
  return a.state.requirers > 0 && b.state.requirers === 0;
}

/** Counts what an option depends on and provides, to find what all options share. */
export function mergeOption(provider: Provider, options: number): void {
  const node = provider.package;
  node.state.dependsMerged = true;
  for (const { conflict, target } of node.depends) {
    if (!conflict && target.state.mergedDepends === options) {
      target.state.mergedDepends = options + 1;
    }
  }
  const merge = ({ state }: NameNode, version: string | undefined) => {
    if (state.mergedProvides !== options) return;
    state.mergedProvides = options + 1;
    if (version === undefined) state.providedVirtually = true;
  };
  merge(node.name, provider.version);
  for (const { target, version } of node.provides) merge(target, version);
}
