import { assertEquals } from "@std/assert";
import { matchesPath } from "../../shell/pattern.ts";
import { triggeredBy } from "./triggers.ts";

Deno.test("globs match part by part, as fnmatch does with FNM_PATHNAME", () => {
  const yes = [
    ["/lib/modules/*", "/lib/modules/6.6"],
    ["/usr/share/*/x", "/usr/share/a/x"],
    ["/*", "/lib"],
    ["/", "/"],
    ["/*", "/"],
    ["/a?c", "/abc"],
    ["/[a-c]x", "/bx"],
    ["/[!a]x", "/bx"],
    ["/[]]x", "/]x"],
    ["/[x", "/[x"],
    ["/a\\*", "/a*"],
    ["/*a*b*", "/xxaxxbxx"],
    ["/.*", "/.a"],
    ["/*", "/.a"],
  ];
  const no = [
    ["/lib/modules/*", "/lib/modules"],
    ["/lib/modules/*", "/lib/modules/6.6/kernel"],
    ["/lib*", "/lib/a"],
    ["/lib?a", "/lib/a"],
    ["/lib[/]a", "/lib/a"],
    ["/[!a]x", "/ax"],
    ["/a\\*", "/ab"],
    ["/a", "/A"],
    ["lib", "/lib"],
  ];
  for (const [glob, path] of yes) assertEquals(matchesPath(glob!, path!), true, `${glob} ${path}`);
  for (const [glob, path] of no) assertEquals(matchesPath(glob!, path!), false, `${glob} ${path}`);
});

Deno.test("only absolute globs count, with or without the mark for changed directories", () => {
  const directories = ["/", "/a", "/b"];
  assertEquals(triggeredBy(["/b", "+/a", "c", "+b"], directories), ["/a", "/b"]);
  assertEquals(triggeredBy([], directories), []);
});

Deno.test("a hostile glob costs no more than its length times the path's", () => {
  const path = `/${"a".repeat(255)}`;
  assertEquals(matchesPath(`/${"*a".repeat(500)}b`, path), false);
  assertEquals(matchesPath(`/${"*".repeat(2000)}`, path), false, "too long to look at");
});
