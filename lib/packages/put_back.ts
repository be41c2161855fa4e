import { parseDependency } from "../apk/dependency.ts";
import type { Repository } from "../apk/solver.ts";
import { TowerError } from "../errors.ts";
import {
  type Coming,
  labelOf,
  type PackageChange,
  type PackagesOfHost,
  planInstall,
} from "./package_change.ts";

/** What brings a host back to its kept world, and its broken packages to their files. */
export interface PutBack {
  /** Of the kept world, what the host's has not. */
  readonly lacking: readonly string[];
  readonly change: PackageChange;
  /** Installed packages that come once more, by their place among the host's repositories. */
  readonly mended: readonly Coming[];
}

/**
 * Plans what puts a host's packages back. What its world has beside the kept one stays.
 *
 * @param broken `name-version` of packages that are to come anew; others than installed ones are passed over.
 * @throws {TowerError} `unsolvable`; `not-found` for a broken package that no repository has any more
 */
export function planPutBack(
  kept: readonly string[],
  broken: readonly string[],
  host: PackagesOfHost,
  sources: readonly Repository[],
): PutBack {
  const there = new Set(host.world);
  // A virtual package (apk add --virtual) is made by who builds an image, for this image alone.
  const lacking = kept.filter((item) => !there.has(item) && !item.startsWith("."));
  const change = planInstall(lacking.map(parseDependency), host, sources);
  const moved = new Set([
    ...change.coming.map((c) => c.package.name),
    ...change.going.map((p) => p.name),
  ]);
  const labels = new Set(broken);
  const mended = host.installed.filter((p) => labels.has(labelOf(p)) && !moved.has(p.name))
    .map((p) => {
      for (const [repository, { packages }] of sources.entries()) {
        const offered = packages.find(({ identity }) => identity === p.identity);
        if (offered !== undefined) return { package: offered, repository };
      }
      throw new TowerError(
        "not-found",
        `Cannot repair "${labelOf(p)}": none of the host's repositories has it any more`,
        { hint: `Take a newer one: tower install HOST "${p.name}=VERSION"` },
      );
    });
  return { lacking, change, mended };
}
