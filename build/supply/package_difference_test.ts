import { assertEquals } from "@std/assert";
import { digestOf } from "../../lib/bytes/digest.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import { comparePackages } from "./package_difference.ts";

/** A package of a version in trees; without any a record does not say. */
type Item = readonly [name: string, version: string, ...trees: string[]];

function record(trees: readonly string[], ...packages: readonly Item[]): BuildRecord {
  return {
    ...{ version: 2, system: "demo", arch: "x86_64", epoch: 0, artifacts: [], companions: [] },
    ...{ plan: digestOf("plan"), lock: digestOf("lock"), scripts: [] },
    builder: { name: "tower-build", version: "0" },
    trees: trees.map((name) => ({ name, id: digestOf(name) })),
    packages: packages.map(([name, version, ...inside]) => ({
      ...{ name, version, license: "MIT", origin: name, repository: "lab", identity: "Q1" },
      ...{ key: "k", digest: digestOf(`${name} ${version}`) },
      ...(inside.length === 0 ? {} : { trees: inside }),
    })),
  };
}

/** A difference in a few words. */
function told(before: BuildRecord, after: BuildRecord): string[] {
  const { added, removed, changed } = comparePackages(before, after);
  const of = (trees: readonly string[] | undefined) => trees ? ` of ${trees.join(" ")}` : "";
  return [
    ...added.map((p) => `+ ${p.name} ${p.version}${of(p.trees)}`),
    ...removed.map((p) => `- ${p.name} ${p.version}${of(p.trees)}`),
    ...changed.map(({ before: b, after: a }) =>
      `~ ${a.name} ${b.version} ${a.version}${of(a.trees)}`
    ),
  ];
}

Deno.test("what is the same in several trees is told once, with all of their names", () => {
  const before = record(["root", "more", "alone"], ["a", "1", "root", "more"], ["b", "1", "alone"]);
  assertEquals(told(before, before), []);
  const after = record(
    ["root", "more", "alone"],
    ["a", "2", "root", "more"],
    ["b", "1", "more"],
    ["c", "1", "root", "alone"],
  );
  assertEquals(told(before, after), [
    "+ b 1 of more",
    "+ c 1 of alone root",
    "- b 1 of alone",
    "~ a 1 2 of more root",
  ]);
});

Deno.test("two versions of a package in two trees are two", () => {
  const before = record(["root", "old"], ["a", "2", "root"], ["a", "1", "old"]);
  const after = record(["root", "old"], ["a", "3", "root"], ["a", "1", "old"]);
  assertEquals(told(before, after), ["~ a 2 3 of root"]);
});

Deno.test("where there is one tree, or a record does not say, no tree is told", () => {
  const one = record(["root"], ["a", "1"], ["b", "1"]);
  assertEquals(told(one, record(["system"], ["a", "2"])), ["- b 1", "~ a 1 2"]);
  const unsaid = record(["root", "more"], ["a", "1"], ["b", "1"]);
  assertEquals(told(unsaid, record(["root", "more"], ["a", "1", "more"])), ["- b 1"]);
  assertEquals(told(one, record(["root", "more"], ["a", "1", "root", "more"])), [
    "+ a 1 of more",
    "- b 1 of root",
  ]);
});
