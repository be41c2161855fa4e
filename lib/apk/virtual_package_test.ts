import { assertEquals, assertThrows } from "@std/assert";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { TowerError } from "../errors.ts";
import { textOf } from "../tree/content.ts";
import { addVirtualPackage, installedVersion } from "./virtual_package.ts";

const store = new MemoryStore();
const record = (name: string) => `C:Q1x=\nP:${name}\nV:1.2-r3\nF:etc\nR:${name}.conf\n\n`;
const databaseOf = (...names: string[]) =>
  smallTree({
    "lib/apk/db/installed": names.map(record).join(""),
    "etc/apk/world": "!no\nabc\nzlib\n",
  });
const text = (tree: ReturnType<typeof smallTree>, path: string) =>
  textOf(store, tree.file(path)!.content);
const KERNEL = { name: ".k", description: "a kernel", depends: ["linux-lts=1.2-r3"] };

Deno.test("a virtual package is a record among the others, and an item of the world", () => {
  const tree = databaseOf("abc", "Zlib");
  addVirtualPackage(tree, store, KERNEL, store.writer());
  const [first, ...rest] = text(tree, "lib/apk/db/installed").split("\n\n");
  assertEquals(
    first!.replace(/^C:Q1.{27}=\n/, ""),
    [
      "P:.k",
      "V:0",
      "A:noarch",
      "S:0",
      "I:0",
      "T:a kernel",
      "U:",
      "L:",
      "D:linux-lts=1.2-r3",
    ].join("\n"),
  );
  assertEquals(`${rest.join("\n\n")}`, record("abc") + record("Zlib"));
  assertEquals(text(tree, "etc/apk/world"), "!no\n.k\nabc\nzlib\n");
});

Deno.test("added again it takes the place of itself, and its identity tells its dependencies", () => {
  const [once, twice, other] = [databaseOf("a"), databaseOf("a"), databaseOf("a")];
  addVirtualPackage(once, store, KERNEL, store.writer());
  addVirtualPackage(twice, store, { ...KERNEL, depends: ["linux-lts=1"] }, store.writer());
  addVirtualPackage(twice, store, KERNEL, store.writer());
  addVirtualPackage(other, store, { ...KERNEL, depends: ["linux-lts=1"] }, store.writer());
  const identity = (tree: typeof once) => text(tree, "lib/apk/db/installed").split("\n")[0];
  assertEquals(text(twice, "lib/apk/db/installed"), text(once, "lib/apk/db/installed"));
  assertEquals(text(twice, "etc/apk/world"), text(once, "etc/apk/world"));
  assertEquals(identity(once) === identity(other), false);
});

Deno.test("versions are those of the database, and without one nothing is added", () => {
  assertEquals(installedVersion(databaseOf("abc"), store, "abc"), "1.2-r3");
  assertEquals(installedVersion(databaseOf("abc"), store, "ab"), undefined);
  assertThrows(
    () => addVirtualPackage(smallTree({}), store, KERNEL, store.writer()),
    TowerError,
    'no "/lib/apk/db/installed"',
  );
});
