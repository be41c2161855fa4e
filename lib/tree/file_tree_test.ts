import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText } from "./content.ts";
import type { Entry } from "./entry.ts";
import { FileTree, isCanonical, nameOf, parentOf } from "./file_tree.ts";

const owned = { mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const dir = (path: string): Entry => ({ ...owned, type: "directory", path });
const file = (path: string, text = ""): Entry => ({
  ...owned,
  type: "file",
  path,
  content: inlineText(text),
});
const link = (path: string, target: string): Entry => ({ ...owned, type: "symlink", path, target });

function treeOf(...entries: Entry[]): FileTree {
  const tree = new FileTree(owned);
  for (const entry of entries) tree.put(entry);
  return tree;
}

Deno.test("FileTree.walk() gives parents first and siblings in byte order", () => {
  const tree = treeOf(dir("b"), dir("a"), file("b/z"), file("b/Z"), file("a-b"), file("a/x"));
  assertEquals([...tree.walk()].map((e) => e.path), ["", "a", "a/x", "a-b", "b", "b/Z", "b/z"]);
});

Deno.test("FileTree.put() refuses paths that are not canonical", () => {
  for (const path of ["/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a\n", "x".repeat(256)]) {
    assert(!isCanonical(path), path);
    assertThrows(() => treeOf(file(path)), TowerError, "not a canonical path");
  }
  assert(isCanonical("a..b/...c/é"));
});

Deno.test("FileTree.put() refuses an entry below a file, a link or nothing", () => {
  assertThrows(() => treeOf(file("a"), file("a/b")), TowerError, '"/a" is no directory');
  assertThrows(() => treeOf(link("a", "/"), file("a/b")), TowerError, "is no directory");
  assertThrows(() => treeOf(file("a/b")), TowerError, "is no directory");
});

Deno.test("FileTree.put() keeps a directory's children and never drops a full one", () => {
  const tree = treeOf(dir("a"), file("a/b"));
  tree.put({ ...owned, type: "directory", path: "a", mode: 0o700 });
  assertEquals(tree.get("a")?.mode, 0o700);
  assertEquals(tree.children("a").length, 1);
  assertThrows(() => tree.put(file("a")), TowerError, "a directory with content is there");
  assertEquals(tree.get("a/b")?.type, "file");
});

Deno.test("FileTree.put() lets a file take an empty directory's place and back", () => {
  const tree = treeOf(dir("a"), file("a"));
  assertThrows(() => tree.put(file("a/b")), TowerError);
  tree.put(dir("a"));
  tree.put(file("a/b"));
  assertEquals(tree.size, 3);
});

Deno.test("FileTree.resolve() follows links as in a chroot", () => {
  const tree = treeOf(
    dir("usr"),
    dir("usr/lib"),
    link("lib", "usr/lib"),
    link("usr/up", "../../.."),
    link("abs", "/usr"),
    link("loop", "loop"),
    file("usr/lib/x"),
  );
  assertEquals(tree.resolve("lib/x"), "usr/lib/x");
  assertEquals(tree.resolve("usr/up/lib/x"), "usr/lib/x");
  assertEquals(tree.resolve("abs/lib/new"), "usr/lib/new");
  assertEquals(tree.resolve("../../usr"), "usr");
  assertEquals(tree.resolve("loop"), undefined);
  assertEquals(tree.resolve("usr/none/x"), undefined);
  assertEquals(tree.resolve("usr/lib/x/y"), undefined);
});

Deno.test("FileTree.file() sees through symbolic and hard links", () => {
  const tree = treeOf(file("a", "text"), link("b", "a"), {
    ...owned,
    type: "hardlink",
    path: "c",
    target: "a",
  });
  assertEquals(tree.file("b"), tree.file("a"));
  assertEquals(tree.file("c")?.path, "a");
  assertEquals(tree.file("d"), undefined);
});

Deno.test("a file that is replaced or removed stays under its hard links", () => {
  const hard = (path: string, target: string) => ({
    ...owned,
    type: "hardlink" as const,
    path,
    target,
  });
  const make = () =>
    treeOf(file("a", "old"), hard("b", "a"), hard("c", "a"), dir("d"), hard("d/e", "a"));
  const seen = (tree: FileTree) =>
    [...tree.walk()].flatMap((e) => e.type === "hardlink" ? [`${e.path}>${e.target}`] : [e.path]);
  const replaced = make();
  const copy = replaced.clone();
  replaced.replace(file("a", "new"));
  assertEquals(seen(replaced), ["", "a", "b", "c>b", "d", "d/e>b"]);
  assertEquals(replaced.get("b"), { ...file("a", "old"), path: "b" });
  assertEquals(seen(copy), ["", "a", "b>a", "c>a", "d", "d/e>a"]);
  copy.remove("a");
  copy.remove("b");
  assertEquals(seen(copy), ["", "c", "d", "d/e>c"]);
  copy.remove("c");
  assertEquals(seen(copy), ["", "d", "d/e"]);
  const freed = make();
  freed.remove("b");
  freed.put(file("c", "own"));
  freed.replace(dir("d/e"));
  freed.replace(file("a", "new"));
  assertEquals(seen(freed), ["", "a", "c", "d", "d/e"]);
  // What only changes the file's owner changes it under all its names.
  const owner = make();
  owner.put({ ...file("a", "old"), uid: 7 });
  assertEquals(owner.file("b")?.uid, 7);
});

Deno.test("FileTree.remove() takes all below with it, and the root stays", () => {
  const tree = treeOf(dir("a"), dir("a/b"), file("a/b/c"), file("d"));
  assert(tree.remove("a"));
  assert(!tree.remove("a"));
  assert(!tree.remove(""));
  assertEquals([...tree.walk()].map((e) => e.path), ["", "d"]);
});

Deno.test("FileTree.clone() changes alone", () => {
  const tree = treeOf(dir("a"));
  const copy = tree.clone();
  copy.put(file("a/b"));
  assertEquals(tree.children("a"), []);
  assertEquals(copy.children("a").length, 1);
});

Deno.test("parentOf() and nameOf() split a path", () => {
  assertEquals([parentOf("a/b/c"), nameOf("a/b/c")], ["a/b", "c"]);
  assertEquals([parentOf("a"), nameOf("a")], ["", "a"]);
});
