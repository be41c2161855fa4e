import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import type { DebianPackage } from "./control.ts";
import { matches, type PackageSet, placeOf, recipesFor } from "./recipe.ts";

function closure(...names: string[]) {
  return new Map(names.map((name): [string, DebianPackage] => [name, {
    name,
    version: "1-1",
    architecture: "amd64",
    synopsis: "",
    homepage: "",
    installedSize: 0,
    sha256: "",
    depends: [],
    provides: [],
  }]));
}

function set(recipes: PackageSet["recipes"]): PackageSet {
  return { folder: "x", arch: "x86_64", roots: [], omitted: {}, drop: [], recipes };
}

Deno.test("a prefix holds for itself and for what is below it, never for a longer name", () => {
  for (const path of ["usr/share/doc", "usr/share/doc/a/b"]) {
    assertEquals(matches(path, ["usr/share/doc/"]), true, path);
    assertEquals(matches(path, ["usr/share/doc"]), true, path);
  }
  for (const path of ["usr/share/docs", "usr/share", "a/usr/share/doc"]) {
    assertEquals(matches(path, ["usr/share/doc/", "usr/share/doc"]), false, path);
  }
});

Deno.test("files are kept, left out and moved as a recipe says", () => {
  const recipe = {
    name: "x",
    source: "x",
    only: ["usr/lib/x/", "etc/x.conf"],
    drop: ["usr/lib/x/tmp/"],
    move: [["usr/lib/x/", "usr/share/x/"]] as const,
  };
  const place = (path: string) => placeOf(path, recipe, ["usr/lib/x/doc/"]);
  assertEquals(place("usr/lib/x/a/b"), "usr/share/x/a/b");
  assertEquals(place("etc/x.conf"), "etc/x.conf");
  for (const path of ["etc/y.conf", "usr/lib/x/tmp/a", "usr/lib/x/doc/a"]) {
    assertEquals(place(path), undefined, path);
  }
});

Deno.test("members that the table does not name keep Debian's name", () => {
  const recipes = recipesFor(
    set([{ name: "linux-virt", deb: /^linux-image-[0-9]+$/ }, { name: "own", version: "1-r0" }]),
    closure("zlib1g", "linux-image-6"),
  );
  assertEquals(recipes.map(({ name, source }) => [name, source]), [
    ["linux-virt", "linux-image-6"],
    ["own", undefined],
    ["zlib1g", "zlib1g"],
  ]);
});

Deno.test("a recipe whose Debian package is not there is an error", () => {
  for (const deb of ["linux-image", /^linux-.*-cloud$/]) {
    assertThrows(
      () => recipesFor(set([{ name: "linux-virt", deb }]), closure("linux")),
      TowerError,
      'Cannot make package "linux-virt"',
    );
  }
});
