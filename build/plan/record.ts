import { z } from "zod";
import { asDigest, type Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { fileName } from "../../lib/schema/scalars.ts";
import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { Lock } from "./lock.ts";
import type { BuildPlan } from "./plan.ts";

/** Name of the record's file, beside the artifacts. */
export const RECORD_FILE = "record.json";

const digest = z.string().refine((t) => asDigest(t) !== undefined, "must be a sha256 digest")
  .transform((t) => t as Digest);

const artifact = z.strictObject({ file: fileName, digest, size: z.int().min(0) });

/** The part of a record that `verify` needs; the rest may grow. */
const recordDocument = z.looseObject({
  version: z.literal(1),
  plan: digest,
  lock: digest,
  artifacts: z.array(artifact),
});

/** A file that a build made. */
export type Artifact = z.infer<typeof artifact>;

/** What was built from what: the artifacts' digests and everything that went into them. */
export interface BuildRecord {
  readonly version: 1;
  readonly system: string;
  readonly arch: string;
  readonly plan: Digest;
  readonly lock: Digest;
  readonly epoch: number;
  readonly builder: { readonly name: "tower-build"; readonly version: string };
  readonly artifacts: readonly Artifact[];
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly license: string;
    readonly origin: string;
    readonly repository: string;
    readonly digest: Digest;
    readonly identity: string;
    readonly key: string;
  }[];
  readonly scripts: readonly ScriptOutcome[];
}

/** Puts a record together. */
export function makeRecord(
  plan: BuildPlan,
  lock: Lock,
  packages: readonly UnpackedPackage[],
  scripts: readonly ScriptOutcome[],
  artifacts: readonly Artifact[],
  builderVersion: string,
): BuildRecord {
  return {
    version: 1,
    system: plan.system,
    arch: plan.arch,
    plan: plan.id,
    lock: plan.lock,
    epoch: plan.epoch,
    builder: { name: "tower-build", version: builderVersion },
    artifacts,
    packages: packages.map((p, i) => ({
      name: p.info.name,
      version: p.info.version,
      license: p.info.license,
      origin: p.info.origin ?? p.info.name,
      repository: lock.repositories[lock.packages[i]!.repository]!.name,
      digest: p.digest,
      identity: p.identity,
      key: p.signedBy.name,
    })),
    scripts,
  };
}

/** A record as the text of its file. */
export function formatRecord(record: BuildRecord): string {
  return JSON.stringify(record, null, 2) + "\n";
}

/** Reads what a record says of its artifacts. @throws {TowerError} `malformed` */
export function parseArtifacts(text: string, file: string): readonly Artifact[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read record "${file}": it is not JSON`, { cause });
  }
  const result = recordDocument.safeParse(value);
  if (result.success) return result.data.artifacts;
  const faults = result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`);
  throw new TowerError(
    "malformed",
    `Cannot read record "${file}": ${faults.slice(0, 8).join("; ")}`,
  );
}
