import { z } from "zod";
import { ARCHES, type Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { decodeJson, faultyJson } from "../../lib/schema/json_document.ts";
import { sha256Digest } from "../../lib/schema/digest.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { lockedSource, type NamedSource, packagesFields } from "../kinds/sources.ts";
import type { ApkSource, LockedPackage } from "../sources/apk_lock.ts";

const lockDocument = z.strictObject({
  version: z.literal(2),
  arch: z.enum(ARCHES),
  sources: z.array(lockedSource),
});
/** Before there were sources: the packages of one tree. */
const lock1Document = z.strictObject({
  version: z.literal(1),
  arch: z.enum(ARCHES),
  ...packagesFields,
});
/** A lock as its file has it: with the digest that names it. */
const lockFile = z.discriminatedUnion("version", [
  lockDocument.extend({ digest: sha256Digest }),
  lock1Document.extend({ digest: sha256Digest }),
], { error: "must be 1 or 2" });

const LOCK_HINT = "write a new one with tower-build lock SYSTEM --update";

/** Every byte that goes into a build, by digest, as the sources that it comes from. */
export type Lock = z.infer<typeof lockDocument>;

/** The packages of each tree that has some. */
export function apkSourcesOf({ sources }: Lock): readonly ApkSource[] {
  return sources.filter((source) => source.kind === "apk");
}

/** The packages of a tree; undefined where it has none. */
export function apkSourceOf(lock: Lock, tree: string): ApkSource | undefined {
  return apkSourcesOf(lock).find(({ name }) => name === tree);
}

/** What the manifest names beside packages. */
export function namedSourcesOf({ sources }: Lock): readonly NamedSource[] {
  return sources.filter((source) => source.kind !== "apk");
}

/** A source that the manifest names; undefined where there is none of that name and kind. */
export function namedSourceOf(
  lock: Lock,
  asked: Pick<NamedSource, "kind" | "name">,
): NamedSource | undefined {
  return namedSourcesOf(lock).find(({ kind, name }) => kind === asked.kind && name === asked.name);
}

/** All packages, each once. */
export function packagesOf(lock: Lock): readonly LockedPackage[] {
  const packages = apkSourcesOf(lock).flatMap(({ packages }) => packages);
  return [...new Map(packages.map((locked) => [locked.digest, locked])).values()];
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
 * Reads a lock file, of version 1 as one of version 2 that says the same. Its own digest must fit,
 * and a key's its text: the lock is trusted for what it names.
 * @throws {TowerError} `malformed` with the fields that are wrong.
 */
export function parseLock(text: string, file: string): Lock {
  const json = { text, what: `lock "${file}"`, hint: LOCK_HINT };
  const { digest, ...document } = decodeJson(json, lockFile);
  const lock = document.version === 1 ? fromVersion1(document) : document;
  const faults = [...apkSourcesOf(lock).flatMap(faultsOf), ...doubles(lock)];
  if (faults.length === 0 && digest === digestOf(canonicalJson(document))) return lock;
  const changed = "it was changed after it was written, or merged";
  throw faultyJson(json, faults.length > 0 ? faults : [changed]);
}

function fromVersion1({ version: _, arch, ...fields }: z.infer<typeof lock1Document>): Lock {
  return { version: 2, arch, sources: [{ kind: "apk", name: ROOT_TREE, ...fields }] };
}

function faultsOf({ keys, packages, repositories }: ApkSource): string[] {
  return [
    ...keys.filter((k) => digestOf(k.pem) !== k.digest).map((k) => `key ${k.name} was changed`),
    ...packages.filter((p) => p.repository >= repositories.length).map((p) =>
      `package ${p.name} names a repository that is not there`
    ),
  ];
}

function doubles({ sources }: Lock): string[] {
  // A tree and a source may have the same name.
  const names = sources.map(({ kind, name }) => kind === "apk" ? `of ${name}` : name);
  return sources.filter((_, i) => names.indexOf(names[i]!) !== i)
    .map(({ name }) => `two sources are named ${name}`);
}
