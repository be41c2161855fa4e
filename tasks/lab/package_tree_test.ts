import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import type { TarEntryType } from "../../lib/format/tar_reader.ts";
import type { DebEntry } from "./deb_archive.ts";
import { buildTimeOf, OWN_TIME, packageTree } from "./package_tree.ts";
import type { PlacedRecipe } from "./recipe.ts";

function deb(type: TarEntryType, path: string, target = "", mtime = 100): DebEntry {
  const owner = { mode: type === "directory" ? 0o755 : 0o644, uid: 0, gid: 0, user: "", group: "" };
  const rest = { size: 0, offset: 0, major: 0, minor: 0, xattrs: new Map(), pax: new Map() };
  const entry = { type, path: `./${path}`, target, mtime, ...owner, ...rest };
  return { entry, path, target, content: new Uint8Array() };
}

function tree(recipe: Partial<PlacedRecipe>, entries: readonly DebEntry[], drop: string[] = []) {
  return packageTree({
    recipe: { name: "x", source: "x", ...recipe },
    deb: entries,
    own: {
      files: [{ path: "etc/own", mode: 0o644, content: new Uint8Array(3) }],
      scripts: new Map(),
    },
    drop,
    derived: new Map([["usr/share/made", "text\n"]]),
  });
}

const paths = (made: ReturnType<typeof tree>) =>
  [...made.walk()].map((e) => `${e.path} ${e.type} ${e.mode.toString(8)}`).slice(1);

Deno.test("a package has Debian's files, ours, and what was derived, with their parents", () => {
  const entries = [
    deb("directory", "bin"),
    deb("file", "bin/a"),
    deb("hardlink", "bin/b", "bin/a"),
    deb("symlink", "bin/c", "/bin/a"),
  ];
  const recipe = {
    directories: [["tmp", 0o1777]] as const,
    links: [["bin/d", "a"]] as const,
    owners: { "etc/own": { mode: 0o640, gid: 42 } },
  };
  const made = tree(recipe, entries);
  assertEquals(paths(made), [
    "bin directory 755",
    "bin/a file 644",
    "bin/b hardlink 644",
    "bin/c symlink 777",
    "bin/d symlink 777",
    "etc directory 755",
    "etc/own file 640",
    "tmp directory 1777",
    "usr directory 755",
    "usr/share directory 755",
    "usr/share/made file 644",
  ]);
  assertEquals(made.get("etc/own")?.gid, 42);
});

Deno.test("directories that lost all they held go, those that were empty stay", () => {
  const entries = [
    deb("directory", "usr/share/doc"),
    deb("directory", "usr/share/doc/x"),
    deb("file", "usr/share/doc/x/copyright"),
    deb("directory", "usr/lib/old"),
    deb("file", "usr/lib/old/f"),
    deb("directory", "var/spool"),
  ];
  const made = tree({ move: [["usr/lib/old/", "usr/lib/new/"]] }, entries, ["usr/share/doc/"]);
  const left = paths(made).filter((line) => /^usr\/(lib|share\/doc)|^var/.test(line));
  assertEquals(left, [
    "usr/lib directory 755",
    "usr/lib/new directory 755",
    "usr/lib/new/f file 644",
    "var directory 755",
    "var/spool directory 755",
  ]);
});

Deno.test("a hard link to what is left out, and a device, are errors", () => {
  const link = [deb("directory", "a"), deb("file", "a/f"), deb("hardlink", "g", "a/f")];
  assertThrows(() => tree({}, link, ["a/"]), TowerError, 'Cannot take "/g": it is a hardlink');
  assertThrows(() => tree({}, [deb("char", "null")]), TowerError, "it is a char");
});

Deno.test("a package is as old as the newest thing in it, and ours have a fixed time", () => {
  assertEquals(buildTimeOf([deb("file", "a", "", 5), deb("file", "b", "", 9)]), 9);
  assertEquals(buildTimeOf([]), OWN_TIME);
});
