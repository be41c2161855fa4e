import { asDigest } from "../../lib/brand.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Selected } from "../../lib/apk/solver.ts";
import type { PackageRequest } from "../../lib/packages/request.ts";
import { telling } from "../../lib/report/telling.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import {
  type ApkRequest,
  type ApkSource,
  inputsDigest,
  type RepositoriesRequest,
} from "./apk_source.ts";
import { type IndexPorts, type OpenRepositories, openRepositories } from "./indexes.ts";
import { packageUrl, type RepositorySpec } from "./repositories.ts";
import { solveOrPlace, wantedOf } from "./world.ts";

export interface ResolvePorts extends IndexPorts {
  readonly load: (requests: readonly PackageRequest[]) => Promise<readonly UnpackedPackage[]>;
  /** Where the manifest asks for an item of the world of a tree. */
  readonly placeOf: (tree: string, item: Wanted) => string | undefined;
}

/** What was chosen for a tree. */
interface Choice {
  readonly request: ApkRequest;
  readonly selected: readonly Selected[];
  /** Items that no repository has. */
  readonly lacking: string[];
}

/**
 * Chooses packages for each tree's world and names each by digest. All packages are fetched and
 * verified on the way, because an index knows the digest of a package's control part only.
 *
 * @param from what all requests are of
 */
export async function resolve(
  requests: readonly ApkRequest[],
  from: RepositoriesRequest,
  ports: ResolvePorts,
): Promise<{ sources: ApkSource[]; packages: readonly UnpackedPackage[] }> {
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
  const loaded = new Map(packages.map((unpacked) => [unpacked.identity, unpacked]));
  return { sources: choices.map((choice) => sourceOf(choice, opened, loaded)), packages };
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

function sourceOf(
  { request, selected, lacking }: Choice,
  { repositories }: OpenRepositories,
  loaded: ReadonlyMap<string, UnpackedPackage>,
): ApkSource {
  return {
    kind: "apk",
    name: request.name,
    inputs: inputsDigest(request),
    repositories: repositories.map(({ spec, index }) => ({
      name: spec.name,
      ...(spec.tag === undefined ? {} : { tag: spec.tag }),
      index,
    })),
    keys: request.keys.map(({ name, digest, pem }) => ({ name, digest, pem })),
    packages: selected.map((s) => {
      const { digest, size, info } = loaded.get(s.package.identity)!;
      return {
        name: s.package.name,
        version: s.package.version,
        repository: s.repository,
        identity: s.package.identity,
        digest,
        size,
        buildTime: info.buildTime ?? 0,
      };
    }),
    ...(lacking.length === 0 ? {} : { missing: lacking }),
  };
}

/** What the loader must bring for sources: each package once, where they say the same of it. */
export function loadRequestsOf(
  sources: readonly ApkSource[],
  arch: string,
  repositories: readonly RepositorySpec[],
): PackageRequest[] {
  const requests = new Map<string, PackageRequest>();
  for (
    const { name, version, identity, size, digest, repository } of sources.flatMap((source) =>
      source.packages
    )
  ) {
    requests.set([repository, name, version, identity, size, digest].join(" "), {
      url: packageUrl(repositories[repository]!.url, arch, name, version),
      expect: { identity, name, version, size, digest: asDigest(digest)! },
    });
  }
  return [...requests.values()];
}

/** The packages of a source, in install order, out of all that were loaded. */
export function packagesOf(
  { packages }: ApkSource,
  loaded: readonly UnpackedPackage[],
): UnpackedPackage[] {
  const byDigest = new Map(loaded.map((unpacked) => [unpacked.digest, unpacked]));
  return packages.map(({ digest }) => byDigest.get(digest)!);
}
