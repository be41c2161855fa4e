import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Artifact, BuildRecord, Companion } from "../../lib/release/record.ts";
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
    packages: packages.map((p, i) => ({
      name: p.info.name,
      version: p.info.version,
      arch: p.info.arch,
      license: p.info.license,
      origin: p.info.origin ?? p.info.name,
      repository: lock.repositories[lock.packages[i]!.repository]!.name,
      digest: p.digest,
      identity: p.identity,
      key: p.signedBy.name,
    })),
    ...(lock.missing === undefined ? {} : { missing: [...lock.missing] }),
    scripts: scripts.map((outcome) => ({ ...outcome })),
  };
}
