import { mergeOption, nextToDecide, preferred } from "./choose.ts";
import {
  type Edge,
  isMet,
  type NameNode,
  type PackageNode,
  type Provider,
  type WorldEdge,
} from "./universe.ts";

/**
 * One solving of a world: constraints are propagated from name to name, and each choice is final
 * (src/solver.c). There is no backtracking, as apk has none: what it refuses, we refuse.
 *
 * A program solves once, with code that no compiler has seen: what runs most often counts through
 * its lists, as an iterator makes an object of each item there.
 */
export class Run {
  /** Choices that no constraint allowed. */
  errors = 0;
  readonly #dirty: NameNode[] = [];
  /** Names that wait for a choice; the last one came first. */
  readonly #unresolved: NameNode[] = [];
  #worldPin = 0;

  /**
   * @param seen the names that {@linkcode discover} found.
   * @param pinRepositories the repositories that each pin bit allows, by its index.
   */
  constructor(
    private readonly seen: readonly NameNode[],
    private readonly pinRepositories: readonly number[],
  ) {}

  /** Applies the world and chooses a provider, or none, for every name that matters. */
  choose(world: readonly WorldEdge[]): void {
    this.#refuseFromStart();
    for (const edge of world) {
      this.#worldPin = edge.pinBit;
      this.#constrain(undefined, edge);
    }
    this.#worldPin = 0;
    for (;;) {
      // The queue grows while it is walked.
      for (const name of this.#dirty) if (!name.state.locked) this.#reconsider(name);
      this.#dirty.length = 0;
      const next = nextToDecide(this.#unresolved);
      if (!next) return;
      this.#select(next);
    }
  }

  /** Counts a package as failed, once. */
  fail(node: PackageNode | undefined): void {
    if (!node || node.state.failed) return;
    node.state.failed = true;
    this.errors++;
  }

  #refuseFromStart(): void {
    for (const { providers } of this.seen) {
      for (const { package: node } of providers) {
        if (!node.state.selectable) this.#recheckAround(node);
      }
    }
  }

  #queue(name: NameNode): void {
    const { state } = name;
    if (state.queued || state.locked) return;
    if (state.requirers === 0 && !state.recheckInstallIf) return;
    state.queued = true;
    this.#dirty.push(name);
  }

  #queueUnresolved(name: NameNode): void {
    const { state } = name;
    if (state.locked) return;
    const wanted = state.requirers > 0 || state.hasInstallIf;
    if (wanted && !state.unresolved) {
      state.unresolved = true;
      this.#unresolved.push(name);
    } else if (!wanted) this.#dropUnresolved(name);
  }

  #dropUnresolved(name: NameNode): void {
    if (!name.state.unresolved) return;
    name.state.unresolved = false;
    this.#unresolved.splice(this.#unresolved.lastIndexOf(name), 1);
  }

  #recheckDepends(name: NameNode): void {
    for (const asker of name.state.reverseDepends) {
      asker.state.recheckDepends = true;
      this.#queue(asker);
    }
  }

  #recheckInstallIf(name: NameNode): void {
    for (const triggered of name.reverseInstallIf) {
      if (!triggered.state.seen || triggered.state.neverInstallIf) continue;
      triggered.state.recheckInstallIf = true;
      this.#queue(triggered);
    }
  }

  #recheckInstallIfOf(node: PackageNode): void {
    for (const name of node.triggering) this.#recheckInstallIf(name);
  }

  #recheckAround(node: PackageNode): void {
    for (const name of node.offered) this.#recheckDepends(name);
    this.#recheckInstallIfOf(node);
  }

  #refuse(node: PackageNode, reason: string): void {
    node.state.selectable = false;
    node.state.refusal ??= reason;
    this.#recheckAround(node);
  }

  #isSatisfiable(edge: Edge): boolean {
    const { state, providers } = edge.target;
    if (state.locked) return isMet(edge, state.chosen);
    if (state.requirers === 0 && edge.conflict) return true;
    return providers.some((p) => p.package.state.selectable && isMet(edge, p));
  }

  #requirersChanged(name: NameNode): void {
    this.#queueUnresolved(name);
    this.#recheckInstallIf(name);
    this.#queue(name);
  }

  /** What asks for a package decides from which repositories it may come. */
  #inheritPins(node: PackageNode, from: PackageNode | undefined): void {
    const { state } = node;
    if (from) state.pinsAllowed |= from.state.pinsAllowed;
    else {
      state.pinsAllowed |= this.#worldPin;
      state.pinsPreferred = this.#worldPin;
      state.pinPreferred = this.#isIn(node, state.pinsPreferred);
    }
    if (this.#isIn(node, state.pinsAllowed)) state.pinAllowed = true;
  }

  #isIn(node: PackageNode, pins: number): boolean {
    return this.pinRepositories.some((bits, i) =>
      (pins & 1 << i) !== 0 && (bits & node.repositories) !== 0
    );
  }

  /** Lets a dependency of `from`, or of the world, bear on all providers of its name. */
  #constrain(from: PackageNode | undefined, edge: Edge): void {
    const { state, providers } = edge.target;
    if (!edge.conflict && ++state.requirers === 1) this.#requirersChanged(edge.target);
    for (let i = 0; i < providers.length; i++) {
      const provider = providers[i]!, node = provider.package;
      const met = isMet(edge, provider);
      if (!met) node.state.conflicts++;
      if (node.state.selectable && node.state.conflicts > 0) {
        const asker = from === undefined ? "the world" : from.label;
        this.#refuse(node, `${asker} asks for ${edge.text}`);
      }
      if (met) this.#inheritPins(node, from);
    }
  }

  /** All options for `must` provide `name`, so what provides `name` but not `must` is out. */
  #excludeOthers(name: NameNode, must: NameNode, skipVirtual: boolean): void {
    if (name === must) return;
    const { providers } = name;
    for (let i = 0; i < providers.length; i++) {
      const { package: node, version } = providers[i]!;
      if (node.name === must || !node.state.selectable) continue;
      if (skipVirtual && version === undefined) continue;
      const keeps = node.provides.some((p) =>
        p.target === must || skipVirtual && p.version === undefined
      );
      if (!keeps) {
        this.#refuse(node, `every choice for ${must.text} provides ${name.text} too`);
      }
    }
  }

  /** Looks at a name's providers again: who is still possible, and what do all of them ask for. */
  #reconsider(name: NameNode): void {
    const { state } = name;
    const { recheckDepends, recheckInstallIf } = state;
    state.queued = state.recheckDepends = state.recheckInstallIf = false;
    state.hasInstallIf = false;
    state.neverInstallIf = true;
    let first: PackageNode | undefined;
    let options = 0, pinsRefused = 0;
    for (const provider of name.providers) {
      const node = provider.package;
      node.state.dependsMerged = false;
      if (recheckDepends && node.state.selectable) this.#checkDepends(node);
      if (!node.state.selectable) continue;
      if (recheckInstallIf) this.#checkInstallIf(node);
      if (node.state.installIfMet) state.hasInstallIf = true;
      if (!node.state.installIfFailed) state.neverInstallIf = false;
      if (state.requirers === 0) continue;
      first ??= node;
      mergeOption(provider, options);
      if (!node.state.pinAllowed) pinsRefused++;
      options++;
    }
    state.hasOptions = options > 1 || pinsRefused > 0;
    this.#queueUnresolved(name);
    if (first) this.#propagate(name, first, options);
    const { reverseDepends } = state;
    while (reverseDepends[state.askersLocked]?.state.locked) state.askersLocked++;
    state.askersDone = state.askersLocked === reverseDepends.length;
  }

  #checkDepends(node: PackageNode): void {
    const failing = node.depends.find((edge) => !this.#isSatisfiable(edge));
    if (failing) this.#refuse(node, `nothing can meet its dependency ${failing.text}`);
  }

  #checkInstallIf(node: PackageNode): void {
    const { state } = node;
    if (!state.installIfMet && !state.installIfFailed) {
      const open = node.installIf.find((edge) =>
        !edge.target.state.locked || !isMet(edge, edge.target.state.chosen)
      );
      state.installIfMet = open === undefined;
      state.installIfFailed = open !== undefined && open.target.state.locked;
    }
    if (!state.installIfMet) return;
    for (const { target } of node.installIf) {
      this.#inheritPins(node, target.state.chosen?.package);
    }
  }

  /** Passes on what all options of a name have in common. */
  #propagate(name: NameNode, first: PackageNode, options: number): void {
    for (const { package: { state } } of name.providers) state.dependsUsed = state.dependsMerged;
    for (let i = 0; i < first.depends.length; i++) {
      const edge = first.depends[i]!, { target } = edge;
      const shared = target.state.mergedDepends === options;
      target.state.mergedDepends = 0;
      if (!shared) continue;
      if (options === 1) this.#constrain(first, edge);
      else if (target.state.requirers === 0) {
        target.state.requirers = 1;
        this.#requirersChanged(target);
        for (const p of target.providers) this.#inheritPins(p.package, first);
      }
    }
    const { offered } = first;
    for (let i = 0; i < offered.length; i++) {
      const target = offered[i]!, { state } = target;
      const shared = state.mergedProvides === options;
      state.mergedProvides = 0;
      if (shared) this.#excludeOthers(target, name, state.providedVirtually);
    }
    for (let i = 0; i < offered.length; i++) offered[i]!.state.providedVirtually = false;
  }

  #select(name: NameNode): void {
    const chosen = preferred(name);
    if (!chosen) {
      this.#assign(name, undefined);
      if (name.state.requirers > 0) this.errors++;
      return;
    }
    const node = chosen.package;
    if (!node.state.selectable || !node.state.pinAllowed) this.fail(node);
    this.#assign(node.name, { package: node, version: node.entry.version });
    for (const { target, version } of node.provides) {
      this.#assign(target, { package: node, version });
    }
    for (const edge of node.depends) this.#constrain(node, edge);
  }

  #assign(name: NameNode, provider: Provider | undefined): void {
    const { state } = name;
    if (state.locked) {
      const bothVirtual = provider?.version === undefined && state.chosen?.version === undefined;
      if (bothVirtual) return;
      this.fail(provider?.package);
      this.fail(state.chosen?.package);
      return;
    }
    this.#dropUnresolved(name);
    state.locked = true;
    state.chosen = provider;
    for (const other of name.providers) {
      if (other.package === provider?.package) continue;
      if (provider?.version === undefined && other.version === undefined) continue;
      const winner = provider === undefined ? "nothing" : provider.package.label;
      this.#refuse(other.package, `${winner} was chosen for ${name.text}`);
    }
    this.#recheckDepends(name);
    if (provider) this.#recheckInstallIfOf(provider.package);
    else this.#recheckInstallIf(name);
  }
}
