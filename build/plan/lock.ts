import { z } from "zod";
import { asDigest, type Digest } from "../../lib/brand.ts";
import { ARCHES } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/format/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { asIdentity } from "../../lib/apk/identity.ts";
import type { TrustedKey } from "../../lib/apk/types.ts";
import { compareVersions } from "../../lib/apk/version.ts";
import type { Wanted } from "../manifest/schema.ts";
import type { RepositorySpec } from "./repositories.ts";

const digest = z.string().refine((t) => asDigest(t) !== undefined, "must be a sha256 digest")
  .transform((t) => t as Digest);
const identity = z.string().refine((t) => asIdentity(t) !== undefined, "must be a Q1 or Q2 hash")
  .transform((t) => asIdentity(t)!);

const lockDocument = z.strictObject({
  version: z.literal(1),
  arch: z.enum(ARCHES),
  inputs: digest,
  repositories: z.array(
    z.strictObject({ name: z.string(), tag: z.string().optional(), index: digest }),
  ),
  keys: z.array(z.strictObject({ name: z.string(), digest, pem: z.string() })),
  packages: z.array(z.strictObject({
    name: z.string(),
    version: z.string(),
    repository: z.int().min(0),
    identity,
    digest,
    size: z.int().min(0),
    buildTime: z.int().min(0),
  })),
  /** Items that no repository has: optional ones, and alternatives before the one taken. */
  missing: z.array(z.string()).optional(),
});

/**
 * Every byte that goes into a build, by digest: the packages in install order, the keys they are
 * checked with, the indexes they were chosen from. `inputs` is the digest of what was asked for,
 * so a lock that no longer fits its manifest is seen.
 */
export type Lock = z.infer<typeof lockDocument>;
export type LockedPackage = Lock["packages"][number];

/** What packages are chosen by; two equal values ask for the same thing. */
export interface ResolveRequest {
  readonly arch: Lock["arch"];
  readonly world: readonly Wanted[];
  /** Items that are wanted where a repository has them. */
  readonly optional: readonly Wanted[];
  readonly repositories: readonly RepositorySpec[];
  readonly keys: readonly TrustedKey[];
}

/** The digest that a lock carries of the request it answers. Where a repository lies is no part. */
export function inputsDigest(request: ResolveRequest): Digest {
  return digestOf(canonicalJson({
    arch: request.arch,
    world: [...request.world].sort(),
    ...(request.optional.length > 0 ? { optional: [...request.optional].sort() } : {}),
    repositories: request.repositories.map(({ name, tag }) => ({ name, tag: tag ?? "" })),
    keys: request.keys.map((k) => `${k.name} ${k.digest}`).sort(),
  }));
}

/** The digest that names a lock in plans and records. */
export function lockDigest(lock: Lock): Digest {
  return digestOf(canonicalJson(lock));
}

/** A lock as the text of its file. */
export function formatLock(lock: Lock): string {
  return JSON.stringify(lock, null, 2) + "\n";
}

/**
 * Reads a lock file. A key's digest must fit its text: the lock is trusted for what it names.
 * @throws {TowerError} `malformed` with the fields that are wrong.
 */
export function parseLock(text: string, file: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read lock "${file}": it is not JSON`, { cause });
  }
  const result = lockDocument.safeParse(value);
  const faults = result.error?.issues.map((i) => `${i.path.join(".")}: ${i.message}`) ?? [];
  if (result.success) {
    const { keys, packages, repositories } = result.data;
    faults.push(
      ...keys.filter((k) => digestOf(k.pem) !== k.digest).map((k) => `key ${k.name} was changed`),
      ...packages.filter((p) => p.repository >= repositories.length).map((p) =>
        `package ${p.name} names a repository that is not there`
      ),
    );
    if (faults.length === 0) return result.data;
  }
  throw new TowerError(
    "malformed",
    `Cannot read lock "${file}": ${faults.slice(0, 8).join("; ")}`,
    {
      hint: "write a new one with tower-build lock --update",
    },
  );
}

/** Packages of a lock that an earlier one had in a newer version: `name 2.1-r3 -> 2.0-r0`. */
export function olderPackages(before: Lock, now: Lock): string[] {
  const versions = new Map(before.packages.map(({ name, version }) => [name, version]));
  return now.packages.flatMap(({ name, version }) => {
    const earlier = versions.get(name);
    return earlier !== undefined && compareVersions(version, earlier) < 0
      ? [`${name} ${earlier} -> ${version}`]
      : [];
  });
}
