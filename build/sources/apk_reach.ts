import { readDependency } from "../../lib/apk/dependency.ts";
import type { PackageFields } from "../../lib/apk/types.ts";

/** As much of a package as says what it leads to. */
export interface Described {
  readonly info: Pick<PackageFields, "name" | "depends" | "provides" | "installIf">;
}

/** What has these names, needs of it, and what comes along with it (install_if). */
export function reachedFrom<P extends Described>(
  names: readonly string[],
  packages: readonly P[],
): ReadonlySet<P> {
  const providers = byName(packages, ({ name, provides }) => [name, ...provides]);
  const companions = byName(packages, ({ installIf }) => installIf);
  const reached = new Set<P>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const found of providers.get(name) ?? []) {
      if (reached.has(found)) continue;
      reached.add(found);
      const { info } = found;
      pending.push(...info.depends.map(nameOf));
      const own = [info.name, ...info.provides].map(nameOf);
      pending.push(
        ...own.flatMap((item) => companions.get(item) ?? []).map(({ info }) => info.name),
      );
    }
  }
  return reached;
}

function byName<P extends Described>(
  packages: readonly P[],
  itemsOf: (info: P["info"]) => readonly string[],
): ReadonlyMap<string, readonly P[]> {
  const found = new Map<string, P[]>();
  for (const item of packages) {
    for (const name of itemsOf(item.info).map(nameOf)) {
      const known = found.get(name);
      if (known) known.push(item);
      else found.set(name, [item]);
    }
  }
  return found;
}

function nameOf(item: string): string {
  return readDependency(item)?.name ?? item;
}
