import { parseDependency } from "../../lib/apk/dependency.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { alternativesOf } from "../../lib/apk/wanted.ts";
import { reachedFrom } from "./apk_reach.ts";

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
  const reached = new Map<string, ReadonlySet<UnpackedPackage>>();
  return locked.find((entry, i) => {
    const tag = tagOf(entry);
    if (tag === undefined) return false;
    let found = reached.get(tag);
    if (!found) {
      const names = items.filter(({ pin }) => pin === tag).map(({ name }) => name);
      reached.set(tag, found = reachedFrom(names, packages));
    }
    return !found.has(packages[i]!);
  });
}
