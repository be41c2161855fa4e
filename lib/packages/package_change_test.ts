import { assertEquals, assertThrows } from "@std/assert";
import type { Identity } from "../apk/identity.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { labelOf, parseWanted, planInstall, planUninstall, planUpgrade } from "./package_change.ts";
import { differenceOf, sourcesText } from "./package_check.ts";

function pkg(name: string, version: string, more: Partial<IndexedPackage> = {}): IndexedPackage {
  const identity = `Q1${btoa(`${name}-${version}`.padEnd(20, ".").slice(0, 20))}` as Identity;
  return {
    ...{ identity, name, version, arch: "x86_64", size: 10, installedSize: 20 },
    ...{ description: "", url: "", license: "MIT", depends: [], provides: [], installIf: [] },
    ...more,
  };
}

const INSTALLED = [
  pkg("base", "1-r0", { depends: ["sh"] }),
  pkg("shell", "1-r0", { provides: ["sh"] }),
  pkg("old", "1-r0"),
];
const HOST = { arch: "x86_64", world: ["base", "old"], installed: INSTALLED };
const SOURCES = [{
  url: "http://example.org",
  packages: [
    pkg("base", "2-r0"),
    pkg("old", "2-r0"),
    pkg("program", "1-r0", { depends: ["library"] }),
    pkg("library", "1-r0"),
    pkg("rival", "1-r0", { depends: ["!old"] }),
  ],
}];
const plan = (...wanted: string[]) => planInstall(parseWanted(wanted), HOST, SOURCES);

Deno.test("a package comes with what it needs, and nothing else changes", () => {
  const { world, coming, going, expected } = plan("program");
  assertEquals(world, ["base", "old", "program"]);
  assertEquals(coming.map((c) => labelOf(c.package)), ["library-1-r0", "program-1-r0"]);
  assertEquals([going, expected.length], [[], 5]);
});

Deno.test("what is asked for by a version changes, and so does its item of the world", () => {
  const { world, coming } = plan("old=2-r0");
  assertEquals(world, ["base", "old=2-r0"]);
  assertEquals(coming.map((c) => [labelOf(c.package), c.replaces]), [["old-2-r0", "1-r0"]]);
});

Deno.test("what apk could not have meant is refused, and what is named twice stands once", () => {
  assertEquals(parseWanted(["a", "a"]).length, 1);
  for (const wanted of [["a", "a=1"], [""], ["!a"], ["-a"], ["a=none"], ["a".repeat(500)]]) {
    assertEquals(assertThrows(() => parseWanted(wanted), TowerError).code, "usage", wanted[0]);
  }
});

Deno.test("an upgrade takes the newest of what the world needs, and nothing older or new beside it", () => {
  const { world, coming, going } = planUpgrade(HOST, SOURCES);
  assertEquals(world, HOST.world);
  assertEquals(coming.map((c) => [labelOf(c.package), c.replaces]), [
    ["base-2-r0", "1-r0"],
    ["old-2-r0", "1-r0"],
  ]);
  // The newer base needs no shell.
  assertEquals(going.map(labelOf), ["shell-1-r0"]);
  const older = [{ url: "http://example.org", packages: [pkg("old", "0-r0")] }];
  assertEquals(planUpgrade(HOST, older).coming, []);
  const rival = pkg("shell", "2-r0", { provides: ["sh"] });
  const other = pkg("dash", "9-r0", { provides: ["sh"] });
  const offered = [{ url: "http://example.org", packages: [other, rival] }];
  assertEquals(planUpgrade(HOST, offered).coming.map((c) => labelOf(c.package)), ["shell-2-r0"]);
});

Deno.test("what is there already, and what cannot be beside it, comes not", () => {
  assertEquals(plan("old").coming, []);
  assertThrows(() => plan("rival"), TowerError, "Cannot choose packages");
  assertThrows(() => plan("nothing"), TowerError, "nothing");
  for (const text of ["!old", "-x", "a b", ""]) assertThrows(() => plan(text), TowerError);
});

Deno.test("what nothing else needs goes with what was asked for", () => {
  const { world, coming, going, expected } = planUninstall(["base"], HOST);
  assertEquals([world, coming, expected], [["old"], [], ["old-1-r0"]]);
  assertEquals(going.map(labelOf), ["base-1-r0", "shell-1-r0"]);
  assertThrows(() => planUninstall(["shell"], HOST), TowerError, "nobody asked for it");
});

Deno.test("what would take apk itself away is refused, and what needs it keeps it", () => {
  const apk = (
    ...depends: string[]
  ) => [pkg("apk-tools", "1-r0"), pkg("base", "1-r0", { depends })];
  const host = { arch: "x86_64", world: ["apk-tools", "base"] };
  const lonely = { ...host, installed: apk() };
  const error = assertThrows(() => planUninstall(["apk-tools"], lonely), TowerError);
  assertEquals(error.code, "conflict");
  const needed = planUninstall(["apk-tools"], { ...host, installed: apk("apk-tools") });
  assertEquals([needed.world, needed.worldBefore, needed.going], [["base"], host.world, []]);
  const other = pkg("base", "2-r0", { depends: ["!apk-tools"] });
  const upgraded = { ...lonely, world: ["base"] };
  assertThrows(
    () => planUpgrade(upgraded, [{ url: "http://example.org", packages: [other] }]),
    TowerError,
    "Cannot take apk-tools away",
  );
});

Deno.test("a host that differs from its plan is told of", () => {
  const change = plan("program");
  const after = { world: change.world, installed: INSTALLED };
  assertEquals(differenceOf(change, after), "its packages lack library-1-r0, program-1-r0");
  const all = [...INSTALLED, ...change.coming.map((c) => c.package)];
  assertEquals(differenceOf(change, { world: change.world, installed: all }), undefined);
  assertEquals(
    differenceOf(change, { world: ["base", "x"], installed: all }),
    "its world lack old, program; its world have x",
  );
  const repository = { name: "n", url: "http://example.org", tag: "t" };
  assertEquals(
    sourcesText({ repositories: [repository], keys: [] }),
    "repository @t http://example.org\n",
  );
});
