import type { Run } from "./run.ts";
import { isMet, type NameNode, type PackageNode, type WorldEdge } from "./universe.ts";

interface Frame {
  readonly node: PackageNode;
  depend: number;
  /** The dependency at `depend` was descended into. */
  inside: boolean;
  /** Names that the package's installation may pull in; set once it is in the order. */
  triggered: NameNode[] | undefined;
  trigger: number;
}

/**
 * The chosen packages in the order in which apk installs them: dependencies first, then the
 * package, then what install_if adds (src/solver.c generate_changeset). Also finds dependencies
 * that the choices leave unmet, and tells `run` of the packages that have them.
 */
export function installOrder(world: readonly WorldEdge[], run: Run): PackageNode[] {
  const order: PackageNode[] = [];
  const stack: Frame[] = [];
  const enter = (name: NameNode): boolean => {
    if (name.state.inPlan) return false;
    name.state.inPlan = true;
    const node = name.state.chosen?.package;
    if (!node || node.state.inPlan) return false;
    node.state.inPlan = true;
    node.name.state.inPlan = true;
    for (const { target } of node.provides) target.state.inPlan = true;
    stack.push({ node, depend: 0, inside: false, triggered: undefined, trigger: 0 });
    return true;
  };
  for (const { target } of world) {
    enter(target);
    for (let frame; (frame = stack.at(-1)) !== undefined;) {
      if (throughDepends(frame, run, enter)) continue;
      if (!frame.triggered) {
        order.push(frame.node);
        frame.triggered = triggeredBy(frame.node);
      }
      if (!throughTriggered(frame, enter)) stack.pop();
    }
  }
  return order;
}

function throughDepends(frame: Frame, run: Run, enter: (name: NameNode) => boolean): boolean {
  const { node } = frame;
  for (; frame.depend < node.depends.length; frame.depend++, frame.inside = false) {
    const edge = node.depends[frame.depend]!;
    const { chosen } = edge.target.state;
    if (!frame.inside) {
      if (!isMet(edge, chosen)) run.fail(node);
      frame.inside = true;
      if (enter(edge.target)) return true;
    }
    if (chosen?.package.state.failed) run.fail(node);
  }
  return false;
}

function triggeredBy(node: PackageNode): NameNode[] {
  return node.triggering.flatMap((name) => name.reverseInstallIf);
}

function throughTriggered(frame: Frame, enter: (name: NameNode) => boolean): boolean {
  const triggered = frame.triggered ?? [];
  while (frame.trigger < triggered.length) {
    const name = triggered[frame.trigger++]!;
    const node = name.state.chosen?.package;
    if (!node || !name.state.seen || name.state.inPlan) continue;
    const due = node.installIf.every((edge) =>
      edge.target.state.inPlan && isMet(edge, edge.target.state.chosen)
    );
    if (due && enter(name)) return true;
  }
  return false;
}
