import { asDigest } from "../../lib/brand.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import { packageUrl, type RepositorySpec } from "../../lib/packages/repositories.ts";
import type { PackageRequest } from "../../lib/packages/request.ts";
import {
  type Choice,
  type ResolvedWorlds,
  type ResolvePorts,
  resolveWorlds,
} from "../../lib/packages/resolve.ts";
import {
  type ApkRequest,
  inputsDigest,
  type RepositoriesRequest,
} from "../../lib/packages/resolve_request.ts";
import type { ApkSource } from "./apk_lock.ts";

/** Chooses packages for each tree's world and names each by digest. @param from what all are of */
export async function resolve(
  requests: readonly ApkRequest[],
  from: RepositoriesRequest,
  ports: ResolvePorts,
): Promise<{ sources: ApkSource[]; packages: readonly UnpackedPackage[] }> {
  const resolved = await resolveWorlds(requests, from, ports);
  const { choices, packages } = resolved;
  const loaded = new Map(packages.map((unpacked) => [unpacked.identity, unpacked]));
  return { sources: choices.map((choice) => sourceOf(choice, resolved, loaded)), packages };
}

function sourceOf(
  { request, selected, lacking }: Choice,
  { repositories }: ResolvedWorlds,
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
