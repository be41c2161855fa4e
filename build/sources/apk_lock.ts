import { z } from "zod";
import { asDigest, type Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { ANY, parseDependency } from "../../lib/apk/dependency.ts";
import { asIdentity } from "../../lib/apk/identity.ts";
import type { UnpackedPackage } from "../../lib/apk/types.ts";
import { compareVersions } from "../../lib/apk/version.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { alternativesOf, choose } from "../../lib/apk/wanted.ts";
import { MAX_EPOCH } from "../../lib/release/record.ts";
import { treeName } from "../../lib/schema/of_tree.ts";
import { type ApkRequest, inputsDigest } from "../../lib/packages/resolve_request.ts";
import { closureFault } from "./apk_closure.ts";
import { strayPackage } from "./apk_tags.ts";

const digest = z.string().refine((t) => asDigest(t) !== undefined, "must be a sha256 digest")
  .transform((t) => t as Digest);
const identity = z.string().refine((t) => asIdentity(t) !== undefined, "must be a Q1 or Q2 hash")
  .transform((t) => asIdentity(t)!);

/** A package's file lies in the repository's folder, under its name and version. */
const PART_OF_NAME = /^(?!\.)[^/\x00-\x20\x7f]{1,255}$/;

/** What a lock of version 1 had for its only world. */
export const apkFields = {
  inputs: digest,
  repositories: z.array(
    z.strictObject({ name: z.string(), tag: z.string().optional(), index: digest }),
  ),
  keys: z.array(z.strictObject({ name: z.string(), digest, pem: z.string() })),
  packages: z.array(z.strictObject({
    name: z.string().regex(PART_OF_NAME, "must be the name of a package"),
    version: z.string().regex(PART_OF_NAME, "must be the version of a package"),
    repository: z.int().min(0),
    identity,
    digest,
    size: z.int().min(0),
    buildTime: z.int().min(0).max(MAX_EPOCH),
  })),
  /** Items that no repository has: optional ones, and alternatives before the one taken. */
  missing: z.array(z.string()).optional(),
};

/**
 * The packages of a tree, in install order, by digest; the keys they are checked with, and the
 * indexes they were chosen from. `inputs` is the digest of what was asked for, so that one which no
 * longer fits its manifest is seen.
 */
export const apkSource = z.strictObject({
  kind: z.literal("apk"),
  /** Of the tree. */
  name: treeName,
  ...apkFields,
});
export type ApkSource = z.infer<typeof apkSource>;
export type LockedPackage = ApkSource["packages"][number];

/** Whether a source answers a request, and its own fields still say what it was made for. */
export function fits(source: ApkSource, arch: string, request: ApkRequest): boolean {
  const { name, repositories, keys } = source;
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
  return name === request.name && source.inputs === inputsDigest(request) &&
    source.inputs === inputsDigest(own);
}

/**
 * Holds a source against the packages that it names: what it tells of them reaches the artifacts.
 *
 * @param world all of it, with optional items
 * @param items of it that may be missing, or that have alternatives
 * @throws {TowerError} `stale` when it tells something else than they do
 */
export function requireTrue(
  source: ApkSource,
  packages: readonly UnpackedPackage[],
  world: readonly Wanted[],
  items: readonly Wanted[],
): void {
  const wrong = source.packages.find(({ buildTime }, i) =>
    buildTime !== (packages[i]!.info.buildTime ?? 0)
  );
  if (wrong) throw changed(`"${wrong.name}" was built at another time`);
  const stray = strayPackage(source, packages, world);
  if (stray) throw changed(`"${stray.name}" is from a repository whose tag nothing asks for`);
  const there = new Set(packages.flatMap(({ info }) => [
    info.name,
    ...info.provides.map((item) => parseDependency(item).name),
  ]));
  const told = new Set(source.missing);
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
  const chosen = world.flatMap((item) => choose(item, (a) => !told.has(a)).chosen ?? []);
  const open = closureFault(packages, chosen);
  if (open !== undefined) throw changed(open);
}

function changed(cause: string): TowerError {
  return new TowerError("stale", `Cannot use the lock: ${cause}`, {
    hint: "it was changed by hand: write a new one with tower-build lock SYSTEM --update",
  });
}

/** Packages of a source that an earlier one had in a newer version: `name 2.1-r3 -> 2.0-r0`. */
export function olderPackages(before: ApkSource, now: ApkSource): string[] {
  const versions = new Map(before.packages.map(({ name, version }) => [name, version]));
  return now.packages.flatMap(({ name, version }) => {
    const earlier = versions.get(name);
    return earlier !== undefined && compareVersions(version, earlier) < 0
      ? [`${name} ${earlier} -> ${version}`]
      : [];
  });
}
