import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { APK_KEY, APK_SOURCE, ZERO_DIGEST } from "../../tests/support/build/apk_source.ts";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { inputsDigest } from "../../lib/packages/resolve_request.ts";
import { type ApkSource, fits, olderPackages, requireTrue } from "./apk_lock.ts";

const digest = ZERO_DIGEST, key = APK_KEY, source = APK_SOURCE;

Deno.test("inputsDigest() changes with what is asked for, not with where it lies", () => {
  const request = {
    arch: "x86_64",
    world: ["a", "b"],
    optional: [],
    repositories: [{ name: "lab", url: "/one" }],
    keys: [key],
  } as const;
  const same = inputsDigest(request);
  assertEquals(inputsDigest({ ...request, world: ["b", "a"] }), same);
  assertEquals(inputsDigest({ ...request, repositories: [{ name: "lab", url: "/two" }] }), same);
  assertNotEquals(inputsDigest({ ...request, world: ["a"] }), same);
  assertNotEquals(inputsDigest({ ...request, optional: ["c"] }), same);
  assertNotEquals(inputsDigest({ ...request, arch: "aarch64" }), same);
  assertNotEquals(inputsDigest({ ...request, keys: [] }), same);
  const swapped = { name: key.name, digest: digestOf("other"), pem: "other" };
  assertNotEquals(inputsDigest({ ...request, keys: [swapped] }), same);
  assertNotEquals(inputsDigest({ ...request, keys: [{ ...key, name: "l.rsa.pub" }] }), same);
  const both = [key, swapped];
  assertEquals(
    inputsDigest({ ...request, keys: both }),
    inputsDigest({ ...request, keys: both.toReversed() }),
  );
  assertNotEquals(
    inputsDigest({ ...request, optional: ["c"] }),
    inputsDigest({ ...request, optional: ["d"] }),
  );
  assertEquals(
    inputsDigest({ ...request, optional: ["c", "d"] }),
    inputsDigest({ ...request, optional: ["d", "c"] }),
  );
  assertNotEquals(
    inputsDigest({ ...request, repositories: [{ name: "lab", url: "/one", tag: "x" }] }),
    same,
  );
});

Deno.test("a lock fits what it was made for, and not once its own fields say otherwise", () => {
  const repositories = [{ name: "lab", url: "/one" }, { name: "edge", url: "/two", tag: "edge" }];
  const request = {
    arch: "x86_64",
    name: "root",
    world: ["a"],
    optional: [],
    repositories,
    keys: [key],
  } as const;
  const made: ApkSource = {
    ...source,
    inputs: inputsDigest(request),
    repositories: [{ name: "lab", index: digest }, { name: "edge", tag: "edge", index: digest }],
  };
  assert(fits(made, "x86_64", request));
  assert(!fits(made, "x86_64", { ...request, name: "other" }));
  assert(!fits(made, "x86_64", { ...request, world: ["a", "b"] }));
  assert(!fits({ ...made, inputs: digest }, "x86_64", request));
  assert(!fits(made, "aarch64", request));
  assert(
    !fits(
      { ...made, keys: [{ ...key, digest: digestOf("other"), pem: "other" }] },
      "x86_64",
      request,
    ),
  );
  assert(!fits({ ...made, repositories: made.repositories.slice(0, 1) }, "x86_64", request));
});

Deno.test("packages that are older than in the lock before are told, others are not", () => {
  const [busybox] = source.packages;
  const now = (version: string, name = "busybox") => ({
    ...source,
    packages: [{ ...busybox!, name, version }],
  });
  assertEquals(olderPackages(source, now("1.35-r9")), ["busybox 1.36-r0 -> 1.35-r9"]);
  for (const same of [now("1.36-r0"), now("1.36-r1"), now("1.0-r0", "other")]) {
    assertEquals(olderPackages(source, same), []);
  }
});

Deno.test("requireTrue() takes a lock that tells what its packages do, and no other", () => {
  const busybox = unpackedPackage("busybox", {
    info: { buildTime: 2, provides: ["cmd:sh=1.36-r0", "/bin/sh"] },
  });
  const faultIn = (
    items: readonly (string | string[])[],
    missing: string[] | undefined,
    packages = [busybox],
  ): string | undefined => {
    try {
      const world = ["busybox", ...items];
      requireTrue({ ...source, ...(missing && { missing }) }, packages, world, items);
      return undefined;
    } catch (error) {
      assert(error instanceof TowerError);
      assertEquals(error.code, "stale");
      return error.message;
    }
  };
  const other = (item: string) =>
    `Cannot use the lock: "${item}" is missing, or not, other than it says`;
  const at = (buildTime: number) => [unpackedPackage("busybox", { info: { buildTime } })];
  assertEquals(faultIn([], undefined, at(2)), undefined);
  assertEquals(
    faultIn([], undefined, at(3)),
    'Cannot use the lock: "busybox" was built at another time',
  );
  assertEquals(
    faultIn([], undefined, [unpackedPackage("busybox")]),
    'Cannot use the lock: "busybox" was built at another time',
  );

  assertEquals(faultIn(["busybox", "cmd:sh", "/bin/sh"], undefined), undefined);
  assertEquals(faultIn(["nano"], undefined), other("nano"));
  assertEquals(faultIn(["nano"], ["nano"]), undefined);
  assertEquals(faultIn(["busybox"], ["busybox"]), other("busybox"));
  assertEquals(faultIn(["busybox"], ["nano"]), other("nano"));
  // Another version than was asked for may be there.
  assertEquals(faultIn(["busybox>2"], ["busybox>2"]), undefined);
  // What must not be there is not missing.
  assertEquals(faultIn(["!nano"], undefined), undefined);

  assertEquals(faultIn([["nano", "busybox"]], ["nano"]), undefined);
  assertEquals(faultIn([["nano", "busybox"]], undefined), other("nano"));
  assertEquals(faultIn([["nano", "vim"]], ["nano"]), other("vim"));
  assertEquals(faultIn([["nano", "vim"]], ["nano", "vim"]), undefined);
});

Deno.test("requireTrue() takes no package of a tagged repository that no item of the tag leads to", () => {
  const named = (name: string, info: object = {}) => unpackedPackage(name, { info });
  const packages = [
    named("a", { depends: ["so:b", "!z"] }),
    named("b", { provides: ["so:b=1"] }),
    named("b-doc", { installIf: ["b=1", "docs"] }),
    named("c", { provides: ["docs"] }),
  ];
  const faultOf = (world: (string | string[])[], ...from: number[]): string | undefined => {
    const items = world.filter((item) => typeof item !== "string");
    const tagged: ApkSource = {
      ...source,
      missing: items.map(([first]) => first!),
      repositories: [
        { name: "main", index: digest },
        { name: "edge", tag: "edge", index: digest },
        { name: "own", tag: "own", index: digest },
      ],
      packages: packages.map(({ info: { name } }, i) => ({
        ...source.packages[0]!,
        name,
        buildTime: 0,
        repository: from[i]!,
      })),
    };
    try {
      requireTrue(tagged, packages, [...world, "docs"], items);
      return undefined;
    } catch (error) {
      return (error as TowerError).message;
    }
  };
  const stray = (name: string) =>
    `Cannot use the lock: "${name}" is from a repository whose tag nothing asks for`;
  assertEquals(faultOf(["a", "c"], 0, 0, 0, 0), undefined);
  assertEquals(faultOf(["a@edge", "c"], 1, 1, 1, 0), undefined);
  assertEquals(faultOf([["x", "a@edge"], "c"], 1, 0, 0, 0), undefined);
  assertEquals(faultOf(["a@edge", "c"], 1, 1, 1, 1), stray("c"));
  assertEquals(faultOf(["a@edge", "c@own"], 2, 1, 1, 2), stray("a"));
  assertEquals(faultOf(["a@edge", "c@own"], 1, 2, 1, 2), stray("b"));
  assertEquals(faultOf(["a", "c"], 1, 0, 0, 0), stray("a"));
});
