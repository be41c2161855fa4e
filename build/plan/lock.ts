import { z } from "zod";
import { asDigest, type Digest } from "../../lib/brand.ts";
import { ARCHES } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { ANY, parseDependency } from "../../lib/apk/dependency.ts";
import { asIdentity } from "../../lib/apk/identity.ts";
import type { TrustedKey, UnpackedPackage } from "../../lib/apk/types.ts";
import { compareVersions } from "../../lib/apk/version.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { alternativesOf } from "../../lib/apk/wanted.ts";
import { strayPackage } from "./lock_tags.ts";
import type { RepositorySpec } from "./repositories.ts";

const digest = z.string().refine((t) => asDigest(t) !== undefined, "must be a sha256 digest")
  .transform((t) => t as Digest);
const identity = z.string().refine((t) => asIdentity(t) !== undefined, "must be a Q1 or Q2 hash")
  .transform((t) => asIdentity(t)!);

const lockDocument = z.strictObject({
  version: z.literal(1, "must be 1"),
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
/** A lock as its file has it: with the digest that names it. */
const lockFile = lockDocument.extend({ digest });

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

/** Whether a lock answers a request, and its own fields still say what it was made for. */
export function fits(lock: Lock, request: ResolveRequest): boolean {
  const { arch, repositories, keys } = lock;
  const own = {
    ...request,
    arch,
    keys,
    repositories: repositories.map(({ name, tag }) => ({
      name,
      url: "",
      ...(tag === undefined ? {} : { tag }),
    })),
  };
  return lock.inputs === inputsDigest(request) && lock.inputs === inputsDigest(own);
}

/**
 * Holds a lock against the packages that it names: what it tells of them reaches the artifacts.
 *
 * @param world all of it, with optional items
 * @param items of it that may be missing, or that have alternatives
 * @throws {TowerError} `stale` when it tells something else than they do
 */
export function requireTrue(
  lock: Lock,
  packages: readonly UnpackedPackage[],
  world: readonly Wanted[],
  items: readonly Wanted[],
): void {
  const wrong = lock.packages.find(({ buildTime }, i) =>
    buildTime !== (packages[i]!.info.buildTime ?? 0)
  );
  if (wrong) throw changed(`"${wrong.name}" was built at another time`);
  const stray = strayPackage(lock, packages, world);
  if (stray) throw changed(`"${stray.name}" is from a repository whose tag nothing asks for`);
  const there = new Set(packages.flatMap(({ info }) => [
    info.name,
    ...info.provides.map((item) => parseDependency(item).name),
  ]));
  const told = new Set(lock.missing);
  const isThere = (item: string) => {
    const { name, conflict } = parseDependency(item);
    return conflict || there.has(name);
  };
  // What asks for a version may be missing beside another version.
  const mayBeMissing = (item: string) => parseDependency(item).operators !== ANY || !isThere(item);
  const known = new Set(items.flatMap(alternativesOf));
  const other = [...told].find((item) => !known.has(item) || !mayBeMissing(item)) ??
    items.flatMap((item) => alternativesOf(item).find((a) => !told.has(a)) ?? [])
      .find((chosen) => !isThere(chosen));
  if (other !== undefined) throw changed(`"${other}" is missing, or not, other than it says`);
}

function changed(cause: string): TowerError {
  return new TowerError("stale", `Cannot use the lock: ${cause}`, {
    hint: "it was changed by hand: write a new one with tower-build lock SYSTEM --update",
  });
}

/** The digest that names a lock in plans and records. */
export function lockDigest(lock: Lock): Digest {
  return digestOf(canonicalJson(lock));
}

/** A lock as the text of its file. */
export function formatLock(lock: Lock): string {
  return JSON.stringify({ ...lock, digest: lockDigest(lock) }, null, 2) + "\n";
}

/**
 * Reads a lock file. Its own digest must fit, and a key's its text: the lock is trusted for what it
 * names.
 * @throws {TowerError} `malformed` with the fields that are wrong.
 */
export function parseLock(text: string, file: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read lock "${file}": it is not JSON`, { cause });
  }
  const result = lockFile.safeParse(value);
  const faults = result.error?.issues.map((i) => `${i.path.join(".")}: ${i.message}`) ?? [];
  if (result.success) {
    const { digest, ...lock } = result.data;
    const { keys, packages, repositories } = lock;
    faults.push(
      ...keys.filter((k) => digestOf(k.pem) !== k.digest).map((k) => `key ${k.name} was changed`),
      ...packages.filter((p) => p.repository >= repositories.length).map((p) =>
        `package ${p.name} names a repository that is not there`
      ),
    );
    if (faults.length === 0 && digest === lockDigest(lock)) return lock;
    if (faults.length === 0) faults.push("it was changed after it was written, or merged");
  }
  throw new TowerError(
    "malformed",
    `Cannot read lock "${file}": ${faults.slice(0, 8).join("; ")}`,
    {
      hint: "write a new one with tower-build lock SYSTEM --update",
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
