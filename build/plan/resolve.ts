import { asDigest } from "../../lib/brand.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { PackageRequest } from "../../lib/packages/request.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { type IndexPorts, openRepositories } from "./indexes.ts";
import { inputsDigest, type Lock, type ResolveRequest } from "./lock.ts";
import { packageUrl, type RepositorySpec } from "./repositories.ts";
import { solveOrPlace, wantedOf } from "./world.ts";

export interface ResolvePorts extends IndexPorts {
  readonly load: (requests: readonly PackageRequest[]) => Promise<UnpackedPackage[]>;
  /** Where the manifest asks for an item of the world. */
  readonly placeOf: (item: Wanted) => string | undefined;
}

/**
 * Chooses packages for a world and names each by digest. All packages are fetched and verified
 * on the way, because an index knows the digest of a package's control part only.
 */
export async function resolve(
  request: ResolveRequest,
  ports: ResolvePorts,
): Promise<{ lock: Lock; packages: UnpackedPackage[] }> {
  const { repositories, universe } = await openRepositories(request, ports);
  const { world, missing, replaced } = wantedOf(request, universe);
  for (const { chosen, absent } of replaced) {
    const message = `${chosen} is taken: no repository has ${absent.join(" or ")}`;
    ports.reporter.report({ type: "info", message });
  }
  if (missing.length > 0) {
    const message = `building without optional packages, which no repository has: ${
      missing.join(", ")
    }`;
    ports.reporter.report({ type: "warning", message });
  }
  const selected = solveOrPlace(world, request, universe, ports.placeOf);
  const packages = await ports.load(selected.map((s) => {
    const { name, version, identity, size } = s.package;
    const base = repositories[s.repository]!.url;
    return {
      url: packageUrl(base, request.arch, name, version),
      expect: { identity, name, version, size },
    };
  }));
  const lacking = [...new Set([...missing, ...replaced.flatMap(({ absent }) => absent)])];
  const lock: Lock = {
    version: 1,
    arch: request.arch,
    inputs: inputsDigest(request),
    repositories: repositories.map(({ spec, index }) => ({
      name: spec.name,
      ...(spec.tag === undefined ? {} : { tag: spec.tag }),
      index,
    })),
    keys: request.keys.map(({ name, digest, pem }) => ({ name, digest, pem })),
    packages: selected.map((s, i) => ({
      name: s.package.name,
      version: s.package.version,
      repository: s.repository,
      identity: s.package.identity,
      digest: packages[i]!.digest,
      size: packages[i]!.size,
      buildTime: packages[i]!.info.buildTime ?? 0,
    })),
    ...(lacking.length === 0 ? {} : { missing: lacking }),
  };
  return { lock, packages };
}

/** What the loader must bring for a lock. */
export function loadRequestsOf(
  lock: Lock,
  repositories: readonly RepositorySpec[],
): PackageRequest[] {
  return lock.packages.map(({ name, version, identity, size, digest, repository }) => ({
    url: packageUrl(repositories[repository]!.url, lock.arch, name, version),
    expect: { identity, name, version, size, digest: asDigest(digest)! },
  }));
}
