import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Artifact, BuildRecord, Companion } from "../../lib/release/record.ts";
import type { Digest } from "../../lib/brand.ts";
import type { Lock } from "./lock.ts";
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
  const missing = [...new Set(lock.sources.flatMap(({ missing }) => missing ?? []))];
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
    })),
    ...(missing.length === 0 ? {} : { missing }),
    scripts: scripts.map((outcome) => ({ ...outcome })),
  };
}

/** Repositories by the digest of what is from them. */
function repositoriesOf({ sources }: Lock): ReadonlyMap<Digest, string> {
  return new Map(
    sources.flatMap(({ packages, repositories }) =>
      packages.map(({ digest, repository }) => [digest, repositories[repository]!.name] as const)
    ),
  );
}
