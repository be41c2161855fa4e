import { assertEquals, assertThrows } from "@std/assert";
import { parseIndex } from "../apk/index_text.ts";
import { TowerError } from "../errors.ts";
import { planPutBack } from "./put_back.ts";

const entry = (name: string, version: string, depends = "") =>
  `C:Q1${name.padEnd(27, "A")}=\nP:${name}\nV:${version}\nA:x86_64\nS:10\nI:20\nT:t\nU:u\nL:l\n${
    depends === "" ? "" : `D:${depends}\n`
  }\n`;
const packages = parseIndex(
  ["musl", "tool", "lib"].map((n) => entry(n, "1-r0", n === "tool" ? "lib" : "")).join(""),
);
const installed = parseIndex(entry("musl", "1-r0"));
const sources = [{ url: "https://example.org/main", packages }];
const host = { arch: "x86_64", world: ["musl"], installed };

Deno.test("what was kept and is not there comes back with what it needs", () => {
  const { lacking, change, mended } = planPutBack(["musl", "tool"], [], host, sources);
  assertEquals([lacking, change.world, mended], [["tool"], ["musl", "tool"], []]);
  assertEquals(change.expected, ["lib-1-r0", "musl-1-r0", "tool-1-r0"]);
});

Deno.test("what only the host's world has stays, and what its database lacks comes", () => {
  const { lacking, change } = planPutBack([], [], { ...host, world: ["musl", "tool"] }, sources);
  assertEquals([lacking, change.world], [[], ["musl", "tool"]]);
  assertEquals(change.coming.map((c) => c.package.name).sort(), ["lib", "tool"]);
});

Deno.test("a broken package comes once more, another's name is passed over", () => {
  const { change, mended } = planPutBack([], ["musl-1-r0", "../x"], host, sources);
  assertEquals([change.coming, mended.map((m) => m.package.name)], [[], ["musl"]]);
});

Deno.test("a broken package that no repository has any more is told", () => {
  const lacking = [{ url: "https://example.org/main", packages: packages.slice(1) }];
  assertThrows(
    () => planPutBack([], ["musl-1-r0"], host, lacking),
    TowerError,
    'Cannot repair "musl-1-r0"',
  );
});

Deno.test("a virtual package of the image before does not come back", () => {
  const { lacking } = planPutBack([".image=20260101.000000", "tool"], [], host, sources);
  assertEquals(lacking, ["tool"]);
});
