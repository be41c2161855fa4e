import { inTableOrder } from "./name_order.ts";
import type { NameNode, PackageNode, Universe } from "./universe.ts";

/** A name in the middle of its discovery: which provider, and how far in it. */
interface Frame {
  readonly name: NameNode;
  provider: number;
  /** Next of the provider's dependencies; -1 before its first visit, -2 for the install_if pass. */
  depend: number;
  /** The package is discovered by this frame, not by one further up. */
  owner: boolean;
  provided: number;
  trigger: number;
}

/**
 * Finds every name that could matter to the world: through dependencies of all candidates and
 * through install_if, depth first (src/solver.c discover_name). An own stack, because a hostile
 * index may nest deeper than the engine's.
 *
 * @returns the names and packages found.
 */
export function discover(universe: Universe, roots: readonly NameNode[]): NameNode[] {
  const found: NameNode[] = [];
  const untagged = universe.repositoriesWith(undefined);
  const stack: Frame[] = [];
  const enter = (name: NameNode): boolean => {
    if (name.state.seen) return false;
    name.state.seen = true;
    name.state.neverInstallIf = true;
    found.push(name);
    stack.push({ name, provider: 0, depend: -1, owner: false, provided: -1, trigger: 0 });
    return true;
  };
  for (const root of roots) {
    enter(root);
    for (let frame; (frame = stack.at(-1)) !== undefined;) {
      if (frame.depend !== -2 && throughDepends(frame, untagged, enter)) continue;
      if (throughInstallIf(frame, enter)) continue;
      stack.pop();
    }
  }
  linkReverse(found);
  return found;
}

/** One step through the dependencies of a name's providers; false when all are done. */
function throughDepends(
  frame: Frame,
  untagged: number,
  enter: (name: NameNode) => boolean,
): boolean {
  const { name } = frame;
  for (; frame.provider < name.providers.length; frame.provider++, frame.depend = -1) {
    const node = name.providers[frame.provider]!.package;
    if (frame.depend === -1) {
      frame.owner = !node.state.seen;
      if (frame.owner) begin(node, untagged);
      frame.depend = 0;
    }
    for (; frame.owner && frame.depend < node.depends.length; frame.depend++) {
      const { target } = node.depends[frame.depend]!;
      if (enter(target)) return true;
      node.state.depth = Math.max(node.state.depth, target.state.depth + 1);
    }
    if (!node.state.installIfFailed) name.state.neverInstallIf = false;
    name.state.depth = Math.max(name.state.depth, node.state.depth);
  }
  frame.depend = -2;
  frame.provider = 0;
  return false;
}

function begin(node: PackageNode, untagged: number): void {
  const { state } = node;
  state.seen = true;
  state.selectable = node.refused === undefined;
  state.refusal = node.refused;
  state.installIfFailed = node.installIf.length === 0;
  state.pinPreferred = node.entry.installedSize === 0 || (node.repositories & untagged) !== 0;
  state.pinAllowed = state.pinPreferred;
}

/** One step through the names that install_if could pull in; false when all are done. */
function throughInstallIf(frame: Frame, enter: (name: NameNode) => boolean): boolean {
  const { name } = frame;
  for (; frame.provider < name.providers.length; frame.provider++, frame.provided = -1) {
    const node = name.providers[frame.provider]!.package;
    for (; frame.provided < node.provides.length; frame.provided++, frame.trigger = 0) {
      const source = frame.provided < 0 ? node.name : node.provides[frame.provided]!.target;
      if (frame.provided >= 0 && frame.trigger === 0 && source.state.seen) continue;
      while (frame.trigger < source.reverseInstallIf.length) {
        if (enter(source.reverseInstallIf[frame.trigger++]!)) return true;
      }
    }
  }
  return false;
}

/** Links each name with those whose providers depend on it (apk_db_name_rdepends). */
function linkReverse(found: readonly NameNode[]): void {
  for (const name of inTableOrder(found)) {
    let others = 0;
    for (const { package: node } of name.providers) {
      if (node.name !== name) others++;
      for (const { target } of node.depends) {
        // Names are linked one after another, so the last one linked tells of a repetition.
        const { reverseDepends } = target.state;
        if (reverseDepends.at(-1) !== name) reverseDepends.push(name);
      }
    }
    name.state.virtuality = others === 0 ? 0 : others === name.providers.length ? 2 : 1;
  }
}
