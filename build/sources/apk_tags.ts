import { parseDependency, readDependency } from "../../lib/apk/dependency.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { alternativesOf } from "../../lib/apk/wanted.ts";

/** As much of a lock as says where each package comes from. */
interface Locked<P> {
  readonly repositories: readonly { readonly tag?: string | undefined }[];
  /** Each with the place of its repository. */
  readonly packages: readonly P[];
}

/**
 * A package that a lock has from a tagged repository though nothing of the world leads there: apk
 * takes such a package only where an item has that tag, or what an item with it needs.
 *
 * @param packages those of the lock, in its order
 */
export function strayPackage<P extends { readonly repository: number }>(
  { repositories, packages: locked }: Locked<P>,
  packages: readonly UnpackedPackage[],
  world: readonly Wanted[],
): P | undefined {
  const tagOf = ({ repository }: P) => repositories[repository]!.tag;
  if (locked.every((entry) => tagOf(entry) === undefined)) return undefined;
  const items = world.flatMap(alternativesOf).map(parseDependency);
  const providers = providersOf(packages);
  const reached = new Map<string, ReadonlySet<UnpackedPackage>>();
  return locked.find((entry, i) => {
    const tag = tagOf(entry);
    if (tag === undefined) return false;
    let found = reached.get(tag);
    if (!found) {
      const names = items.filter(({ pin }) => pin === tag).map(({ name }) => name);
      reached.set(tag, found = reachedFrom(names, packages, providers));
    }
    return !found.has(packages[i]!);
  });
}

type Providers = ReadonlyMap<string, readonly UnpackedPackage[]>;

function providersOf(packages: readonly UnpackedPackage[]): Providers {
  const providers = new Map<string, UnpackedPackage[]>();
  for (const unpacked of packages) {
    for (const item of [unpacked.info.name, ...unpacked.info.provides]) {
      const name = readDependency(item)?.name ?? item;
      providers.set(name, [...providers.get(name) ?? [], unpacked]);
    }
  }
  return providers;
}

/** What has these names, needs of it, and what comes along with it (install_if). */
function reachedFrom(
  names: readonly string[],
  packages: readonly UnpackedPackage[],
  providers: Providers,
): ReadonlySet<UnpackedPackage> {
  const companions = new Map<string, string[]>();
  for (const { info } of packages) {
    for (const item of info.installIf) {
      const name = readDependency(item)?.name ?? item;
      companions.set(name, [...companions.get(name) ?? [], info.name]);
    }
  }
  const reached = new Set<UnpackedPackage>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const unpacked of providers.get(name) ?? []) {
      if (reached.has(unpacked)) continue;
      reached.add(unpacked);
      const { info } = unpacked;
      const own = [info.name, ...info.provides].map((item) => readDependency(item)?.name ?? item);
      pending.push(...info.depends.map((item) => readDependency(item)?.name ?? item));
      pending.push(...own.flatMap((item) => companions.get(item) ?? []));
    }
  }
  return reached;
}
