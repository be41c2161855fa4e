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
