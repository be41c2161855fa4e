import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Identity } from "../apk/identity.ts";
import { parseDependency } from "../apk/dependency.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { absenceOf, reasonsOf } from "./host_reasons.ts";
import { installedList } from "./installed_list.ts";

function pkg(name: string, version: string, more: Partial<IndexedPackage> = {}): IndexedPackage {
  const identity = `Q1${btoa(`${name}-${version}`.padEnd(20, ".").slice(0, 20))}` as Identity;
  return {
    ...{ identity, name, version, arch: "x86_64", size: 10, installedSize: 20 },
    ...{ description: "", url: "", license: "MIT", depends: [], provides: [], installIf: [] },
    ...more,
  };
}

const HOST = {
  arch: "x86_64",
  world: ["app>1", "docs", "sh", "!rival"],
  installed: [
    pkg("app", "2-r0", { depends: ["library"] }),
    pkg("docs", "1-r0"),
    pkg("app-doc", "2-r0", { installIf: ["docs", "app=2-r0"] }),
    pkg("library", "1-r0"),
    pkg("shell", "1-r0", { provides: ["sh=1"] }),
    pkg("lost", "1-r0"),
  ],
};
const reasons = (text: string) =>
  reasonsOf(parseDependency(text), HOST)?.ways.map((way) => way.map((link) => link.package));

Deno.test("what was asked for is told from what that needs", () => {
  assertEquals(installedList(HOST).map(({ name, world }) => [name, world]), [
    ["app", "app>1"],
    ["app-doc", undefined],
    ["docs", "docs"],
    ["library", undefined],
    ["lost", undefined],
    ["shell", "sh"],
  ]);
});

Deno.test("the ways to a package begin at the world", () => {
  assertEquals(reasons("library"), [["app-2-r0", "library-1-r0"]]);
  assertEquals(reasons("app-doc"), [["app-2-r0", "app-doc-2-r0"], ["docs-1-r0", "app-doc-2-r0"]]);
  assertEquals(reasons("sh"), [["shell-1-r0"]]);
  assertEquals([reasons("lost"), reasons("app>3"), reasons("none")], [[], undefined, undefined]);
});

Deno.test("ways are bounded, whatever a host has", () => {
  const many = Array.from({ length: 500 }, (_, i) => pkg(`p${i}`, "1-r0", { depends: ["base"] }));
  const host = { world: many.map(({ name }) => name), installed: [...many, pkg("base", "1-r0")] };
  const found = reasonsOf(parseDependency("base"), host)!;
  assertEquals([found.ways.length, found.more], [20, true]);
  const chained = many.map((p, i) => pkg(p.name, "1-r0", { depends: [`p${i + 1}`] }));
  assertThrows(
    () => reasonsOf(parseDependency("p499"), { world: ["p0"], installed: chained }),
    TowerError,
    "has 500 packages",
  );
  const versions = Array.from({ length: 20_000 }, (_, i) => i);
  const installed = [
    pkg("a", "1-r0", { depends: versions.map((i) => `x>${i + 20_000}`) }),
    pkg("b", "1-r0", { provides: versions.map((i) => `x=${i}`) }),
  ];
  assertThrows(
    () => reasonsOf(parseDependency("b"), { world: [], installed }),
    TowerError,
    "too many",
  );
});

Deno.test("why a package is not there is told from what the host has and could have", () => {
  const host = { ...HOST, installed: HOST.installed.filter(({ name }) => name !== "lost") };
  const sources = [{
    url: "r",
    packages: [pkg("tool", "1-r0", { depends: ["library"] }), pkg("rival", "1-r0")],
  }];
  const absent = (text: string) => absenceOf(parseDependency(text), host, sources);
  const tool = absent("tool");
  assert(tool.kind === "unasked");
  assertEquals([tool.adds, tool.drops], [["tool-1-r0"], []]);
  assertEquals([absent("rival").kind, absent("gone").kind], ["refused", "refused"]);
});
