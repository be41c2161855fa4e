import type { Selected } from "../apk/solver.ts";
import type { UnpackedPackage } from "../apk/types.ts";
import type { Wanted } from "../apk/wanted.ts";
import { telling } from "../report/telling.ts";
import { type IndexPorts, type OpenRepositories, openRepositories } from "./indexes.ts";
import { packageUrl } from "./repositories.ts";
import type { PackageRequest } from "./request.ts";
import type { ApkRequest, RepositoriesRequest } from "./resolve_request.ts";
import { solveOrPlace, wantedOf } from "./world.ts";

export interface ResolvePorts extends IndexPorts {
  readonly load: (requests: readonly PackageRequest[]) => Promise<readonly UnpackedPackage[]>;
  /** Where an item of a world is asked for. */
  readonly placeOf: (name: string, item: Wanted) => string | undefined;
}

/** What was chosen for one. */
export interface Choice {
  readonly request: ApkRequest;
  readonly selected: readonly Selected[];
  /** Items that no repository has. */
  readonly lacking: string[];
}

/** What was chosen for several systems. */
export interface ResolvedWorlds extends OpenRepositories {
  readonly choices: readonly Choice[];
  /** All packages of all, each once. */
  readonly packages: readonly UnpackedPackage[];
}

/**
 * Chooses packages for each world. All are fetched and verified on the way, because an index knows the
 * digest of a package's control part only.
 *
 * @param from what all requests are of
 * @throws {TowerError} as {@linkcode openRepositories}, {@linkcode solveOrPlace} and `load` do
 */
export async function resolveWorlds(
  requests: readonly ApkRequest[],
  from: RepositoriesRequest,
  ports: ResolvePorts,
): Promise<ResolvedWorlds> {
  const opened = await openRepositories(from, ports);
  const choices: Choice[] = [];
  for (const request of requests) choices.push(await choosePackages(request, opened, ports));
  const wanted = new Map(
    choices.flatMap(({ selected }) => selected).map((s) => [s.package.identity, s]),
  );
  const packages = await ports.load([...wanted.values()].map((s) => {
    const { name, version, identity, size } = s.package;
    const base = opened.repositories[s.repository]!.url;
    return {
      url: packageUrl(base, from.arch, name, version),
      expect: { identity, name, version, size },
    };
  }));
  return { ...opened, choices, packages };
}

async function choosePackages(
  request: ApkRequest,
  { universe }: OpenRepositories,
  { reporter, placeOf }: ResolvePorts,
): Promise<Choice> {
  const { world, missing, replaced } = wantedOf(request, universe);
  for (const { chosen, absent } of replaced) {
    const message = `${chosen} is taken: no repository has ${absent.join(" or ")}`;
    reporter.report({ type: "info", message });
  }
  if (missing.length > 0) {
    const message = `building without optional packages, which no repository has: ${
      missing.join(", ")
    }`;
    reporter.report({ type: "warning", message });
  }
  const solve = () => solveOrPlace(world, request, universe, (item) => placeOf(request.name, item));
  const selected = await telling(reporter, "Choose the packages", solve);
  const lacking = [...new Set([...missing, ...replaced.flatMap(({ absent }) => absent)])];
  return { request, selected, lacking };
}
