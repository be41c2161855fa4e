import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Artifact, BuildRecord, Companion, RecordedSource } from "../../lib/release/record.ts";
import type { Digest } from "../../lib/brand.ts";
import { apkSourcesOf, type Lock, namedSourcesOf } from "./lock.ts";
import type { BuildPlan } from "./plan.ts";

/** What the outputs of a plan became. */
export interface Written {
  readonly artifacts: Artifact[];
  readonly companions: Companion[];
}

/** Puts a record together. */
export function makeRecord(
  plan: BuildPlan,
  lock: Lock,
  packages: readonly UnpackedPackage[],
  scripts: readonly ScriptOutcome[],
  { artifacts, companions }: Written,
  distribution: BuildRecord["distribution"],
  builderVersion: string,
): BuildRecord {
  const repositories = repositoriesOf(lock);
  const trees = treesOfPackages(plan);
  const missing = [...new Set(apkSourcesOf(lock).flatMap(({ missing }) => missing ?? []))];
  return {
    version: 2,
    system: plan.system,
    arch: plan.arch,
    plan: plan.id,
    lock: plan.lock,
    epoch: plan.epoch,
    builder: { name: "tower-build", version: builderVersion },
    trees: plan.trees.map(({ name, id }) => ({ name, id })),
    ...(distribution === undefined ? {} : { distribution }),
    artifacts,
    companions,
    packages: packages.map((p) => ({
      name: p.info.name,
      version: p.info.version,
      arch: p.info.arch,
      license: p.info.license,
      origin: p.info.origin ?? p.info.name,
      repository: repositories.get(p.digest)!,
      digest: p.digest,
      identity: p.identity,
      key: p.signedBy.name,
      ...(plan.trees.length === 1 ? {} : { trees: trees.get(p.digest)! }),
    })),
    ...recordedSources(lock),
    ...(missing.length === 0 ? {} : { missing }),
    scripts: scripts.map((outcome) => ({ ...outcome })),
  };
}

/** Repositories by the digest of what is from them. */
function repositoriesOf(lock: Lock): ReadonlyMap<Digest, string> {
  return new Map(
    apkSourcesOf(lock).flatMap(({ packages, repositories }) =>
      packages.map(({ digest, repository }) => [digest, repositories[repository]!.name] as const)
    ),
  );
}

/** The trees that packages are in, by digest: where one is installed, and what begins from that. */
function treesOfPackages({ trees }: BuildPlan): ReadonlyMap<Digest, string[]> {
  const inside = new Map<string, readonly Digest[]>();
  const found = new Map<Digest, string[]>();
  for (const { name, from, packages } of trees) {
    const begun = from === undefined ? [] : inside.get(from)!;
    const all = [...begun, ...packages.map(({ digest }) => digest)];
    inside.set(name, all);
    for (const digest of new Set(all)) found.set(digest, [...found.get(digest) ?? [], name]);
  }
  return found;
}

/** What of a lock is no package. */
function recordedSources(lock: Lock): Pick<BuildRecord, "sources"> {
  const named = namedSourcesOf(lock).map((locked): RecordedSource => ({
    ...locked,
    // A query may hold a password; a record is handed on.
    ...("url" in locked && locked.url !== undefined
      ? { url: locked.url.replace(/[?#].*/, "") }
      : {}),
  }));
  return named.length === 0 ? {} : { sources: named };
}
