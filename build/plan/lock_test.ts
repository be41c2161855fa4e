import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Digest } from "../../lib/brand.ts";
import { APK_KEY, APK_SOURCE, ZERO_DIGEST } from "../../tests/support/build/apk_source.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { ApkSource } from "../sources/apk_lock.ts";
import { apkSourceOf, formatLock, type Lock, lockDigest, packagesOf, parseLock } from "./lock.ts";

const digest = ZERO_DIGEST, key = APK_KEY, source = APK_SOURCE;
const lock: Lock = { version: 2, arch: "x86_64", sources: [source] };

type Json = Record<string, unknown>;

function faultOf(change: (lock: Json, source: Json) => void): string {
  const copy = JSON.parse(formatLock(lock));
  change(copy, copy.sources[0]);
  const error = assertThrows(() => parseLock(JSON.stringify(copy), "l.json"), TowerError);
  assertEquals(error.code, "malformed");
  return error.message;
}

Deno.test("a lock survives its file", () => {
  assertEquals(parseLock(formatLock(lock), "l.json"), lock);
  assertEquals(lockDigest(parseLock(formatLock(lock), "l.json")), lockDigest(lock));
});

Deno.test("parseLock() refuses unknown fields, bad digests, swapped keys and lost repositories", () => {
  assert(faultOf((l) => l.extra = 1).includes("extra"));
  assert(faultOf((_, s) => s.inputs = "sha256:x").includes("inputs: must be a sha256 digest"));
  assert(faultOf((_, s) => s.keys = [{ ...key, pem: "other" }]).includes("k.rsa.pub was changed"));
  assert(faultOf((_, s) => s.repositories = []).includes("busybox names a repository"));
  assert(faultOf((l) => l.version = 3).includes("version"));
  assertThrows(() => parseLock("{", "l.json"), TowerError, "it is not JSON");
});

Deno.test("a lock with a name twice is refused, and each refusal says what to do", () => {
  const text = formatLock(lock);
  for (
    const [broken, because] of [
      [text.replace('"version": 2,', '"version": 2, "version": 2,'), '"version" twice'],
      [text.replace('"size": 1,', '"size": 9, "size": 1,'), '"size" twice'],
      [text.slice(1), "Unexpected"],
      ["", "Unexpected end"],
    ] as const
  ) {
    const error = assertThrows(() => parseLock(broken, "l.json"), TowerError);
    assertEquals(error.message, 'Cannot read lock "l.json": it is not JSON');
    assert(String(error.cause).includes(because), String(error.cause));
    assertEquals(error.hint, "write a new one with tower-build lock SYSTEM --update");
  }
  const other = assertThrows(() => parseLock(text.replace("x86_64", "vax"), "l.json"), TowerError);
  assertEquals(other.hint, "write a new one with tower-build lock SYSTEM --update");
});

Deno.test("a lock's identity is read whatever its spelling, and one that is none is refused", () => {
  const text = formatLock(lock);
  const other = text.replace("AAA=", "AAB=");
  assertEquals(packagesOf(parseLock(other, "l"))[0]?.identity, source.packages[0]?.identity);
  assertThrows(() => parseLock(text.replace("AAA=", "A="), "l"), TowerError, "Q1 or Q2 hash");
});

Deno.test("a lock that was changed after it was written is told as such, beside other faults", () => {
  assertEquals(
    faultOf((l) => l.arch = "aarch64"),
    'Cannot read lock "l.json": it was changed after it was written, or merged',
  );
  assertEquals(
    faultOf((_, s) => s.repositories = []),
    'Cannot read lock "l.json": package busybox names a repository that is not there',
  );
  for (const field of ["size", "buildTime", "repository"]) {
    const set = (value: number) => faultOf((_, s) => (s.packages as Json[])[0]![field] = value);
    assert(set(-1).includes(`sources.0.packages.0.${field}`), field);
    assert(set(0.5).includes(`sources.0.packages.0.${field}`), field);
  }
  const empty: Lock = {
    ...lock,
    sources: [{ ...source, packages: [{ ...source.packages[0]!, size: 0, buildTime: 0 }] }],
  };
  assertEquals(parseLock(formatLock(empty), "l.json"), empty);
});

Deno.test("a lock names packages that can be, and times that a date can tell", () => {
  const set = (field: string, value: unknown) =>
    faultOf((_, s) => (s.packages as Json[])[0]![field] = value);
  for (const name of ["../x", "a/b", ".a", "a b", "", "a\n"]) {
    assert(set("name", name).includes("must be the name of a package"), name);
    assert(set("version", name).includes("must be the version of a package"), name);
  }
  assert(set("buildTime", 253402300800).includes("sources.0.packages.0.buildTime"));
});

Deno.test("a lock of version 1 is one of the tree root, and is checked as it was written", () => {
  const { kind: _, name: __, ...fields } = source;
  const old = { version: 1, arch: "x86_64", ...fields };
  const text = (digest: Digest) => JSON.stringify({ ...old, digest });
  assertEquals(parseLock(text(digestOf(canonicalJson(old))), "l.json"), lock);
  assertThrows(() => parseLock(text(digest), "l.json"), TowerError, "it was changed after");
});

Deno.test("sources of a lock are those of trees, by name, each once", () => {
  const other: ApkSource = { ...source, name: "other", packages: [] };
  const both: Lock = { ...lock, sources: [source, other] };
  assertEquals(parseLock(formatLock(both), "l.json"), both);
  assertEquals(apkSourceOf(both, "other"), other);
  assertEquals(apkSourceOf(both, "third"), undefined);
  assertEquals(
    packagesOf({ ...lock, sources: [source, { ...source, name: "same" }] }),
    source.packages,
  );
  assert(faultOf((l) => l.sources = [source, source]).includes("two sources are named root"));
});
