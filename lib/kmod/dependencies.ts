import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { KernelModule } from "./module.ts";

/** Modules with what each needs, as `modules.dep` tells it. */
export interface ModuleGraph {
  /** In the order of `modules.order`; an index here is the module's priority. */
  readonly modules: readonly KernelModule[];
  /** Every module that must be loaded before this one, at any distance, as depmod orders them. */
  readonly needs: ReadonlyMap<KernelModule, readonly KernelModule[]>;
  /** Who exports a symbol; of two, the later in `modules`. */
  readonly owners: ReadonlyMap<string, KernelModule>;
}

/**
 * Finds which module needs which, by symbols (depmod(8)).
 *
 * @throws {TowerError} `malformed` when modules need each other in a circle.
 */
export function moduleGraph(modules: readonly KernelModule[]): ModuleGraph {
  const owners = new Map<string, KernelModule>();
  for (const module of modules) {
    for (const symbol of module.exports) owners.set(symbol, module);
  }
  const direct = new Map(modules.map((m) => [m, directNeeds(m, owners)]));
  const rank = topologicalRank(modules, direct);
  const needs = new Map<KernelModule, KernelModule[]>();
  for (const module of modules) {
    const all = new Set<KernelModule>();
    const pending = [...direct.get(module)!];
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (all.has(next)) continue;
      all.add(next);
      pending.push(...direct.get(next)!);
    }
    needs.set(module, [...all].sort((a, b) => rank.get(a)! - rank.get(b)!));
  }
  return { modules, needs, owners };
}

function directNeeds(
  module: KernelModule,
  owners: ReadonlyMap<string, KernelModule>,
): KernelModule[] {
  const needs = new Set<KernelModule>();
  for (const symbol of module.imports) {
    // 64-bit PowerPC writes a function's entry point as `.name`.
    const owner = owners.get(symbol.startsWith(".") ? symbol.slice(1) : symbol);
    if (owner) needs.add(owner);
  }
  return [...needs];
}

/**
 * Ranks modules so that users come before what they use. Which of the possible orders is taken
 * shows in `modules.dep`, so it is depmod's: a stack of modules that have no user left, filled
 * first in the order of `modules` and then as each one's needs become free.
 */
function topologicalRank(
  modules: readonly KernelModule[],
  direct: ReadonlyMap<KernelModule, readonly KernelModule[]>,
): Map<KernelModule, number> {
  const users = new Map(modules.map((m) => [m, 0]));
  for (const needs of direct.values()) {
    for (const need of needs) users.set(need, users.get(need)! + 1);
  }
  const free = modules.filter((m) => users.get(m) === 0);
  const rank = new Map<KernelModule, number>();
  for (let module = free.pop(); module; module = free.pop()) {
    rank.set(module, rank.size);
    for (const need of direct.get(module)!) {
      const left = users.get(need)! - 1;
      users.set(need, left);
      if (left === 0) free.push(need);
    }
  }
  if (rank.size < modules.length) {
    const circle = modules.filter((m) => !rank.has(m)).map((m) => m.name)
      .sort(compareBytes).slice(0, 8);
    throw new TowerError(
      "malformed",
      `Cannot order kernel modules: ${circle.join(", ")} need each other in a circle`,
    );
  }
  return rank;
}
