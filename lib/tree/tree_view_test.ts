import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText } from "./content.ts";
import type { Entry } from "./entry.ts";
import { FileTree } from "./file_tree.ts";
import { folderTree, partOfTree, pathIn, treeWithout } from "./tree_view.ts";

const COMMON = { uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;
const folder = (path: string, mode = 0o755): Entry => ({
  type: "directory",
  path,
  mode,
  ...COMMON,
});
const file = (path: string): Entry => ({
  ...{ type: "file", path, mode: 0o644, content: inlineText(path) },
  ...COMMON,
});
const link = (path: string, target: string): Entry => ({
  ...{ type: "hardlink", path, target, mode: 0o644 },
  ...COMMON,
});

function treeOf(...entries: readonly Entry[]): FileTree {
  const tree = new FileTree({ ...COMMON, mode: 0o755 });
  for (const entry of entries) tree.put(entry);
  return tree;
}
const pathsOf = (tree: FileTree) => [...tree.walk()].map(({ path }) => path);

const TREE = [folder("boot", 0o700), folder("boot/dtbs"), file("boot/vmlinuz"), file("bootable")];

Deno.test("what is below a folder has a path there, its namesakes have none", () => {
  const paths = ["boot/a/b", "boot", "bootable", "usr/boot/a"];
  assertEquals(paths.map((path) => pathIn("boot", path)), ["a/b", ...Array(3).fill(undefined)]);
  assertEquals(paths.map((path) => pathIn("", path)), paths);
});

Deno.test("a folder as a tree has the folder for its root, and hard links in it", () => {
  const boot = folderTree(treeOf(...TREE, link("boot/dtbs/copy", "boot/vmlinuz")), "boot");
  assertEquals(pathsOf(boot), ["", "dtbs", "dtbs/copy", "vmlinuz"]);
  assertEquals(boot.get("")?.mode, 0o700);
  const copy = boot.get("dtbs/copy");
  assertEquals(copy?.type === "hardlink" && copy.target, "vmlinuz");
  const all = treeOf(...TREE);
  assertEquals(pathsOf(folderTree(all, "")), pathsOf(all));
  assertEquals(pathsOf(folderTree(all, "boot/dtbs")), [""]);
});

Deno.test("a tree without a folder keeps the empty folder", () => {
  const whole = treeOf(...TREE, link("copy", "bootable"), link("boot/a", "boot/vmlinuz"));
  const rest = treeWithout(whole, "boot");
  assertEquals(pathsOf(rest), ["", "boot", "bootable", "copy"]);
  assertEquals(rest.get("copy")?.type, "hardlink");
  assertEquals(whole.get("boot/vmlinuz")?.type, "file");
});

Deno.test("a view refuses what is no folder, and hard links that lead over its border", () => {
  const symlink = { type: "symlink", path: "to", mode: 0o777, target: "boot", ...COMMON } as const;
  const refused = (work: () => unknown, code: string, text: string) =>
    assertEquals(assertThrows(work, TowerError, text).code, code);
  const tree = treeOf(...TREE, symlink);
  refused(() => folderTree(tree, "none"), "not-found", '"/none" as a tree: it is no directory');
  refused(() => folderTree(tree, "bootable"), "not-found", "it is no directory");
  refused(() => folderTree(tree, "to"), "not-found", 'it is a link to "boot"');
  refused(
    () => folderTree(treeOf(...TREE, link("boot/a", "bootable")), "boot"),
    "unsupported",
    'Cannot take "/boot/a" into "/boot": it is a hard link to "/bootable", which is outside',
  );
  refused(
    () => treeWithout(treeOf(...TREE, link("a", "boot/vmlinuz")), "boot"),
    "unsupported",
    'Cannot take "/a" into a tree without "/boot": it is a hard link to "/boot/vmlinuz"',
  );
  assertEquals(pathsOf(folderTree(treeOf(...TREE, link("a", "boot/vmlinuz")), "boot")).length, 3);
});

Deno.test("a part of a tree has what is at its paths, and the folders that lead there", () => {
  const whole = treeOf(
    ...[folder("a"), folder("a/b", 0o700), file("a/b/c"), link("a/b/d", "a/b/c"), file("a/e")],
    ...[folder("ab"), file("ab/c"), file("f")],
  );
  const part = partOfTree(whole, ["a/b", "f"]);
  assertEquals(pathsOf(part), ["", "a", "a/b", "a/b/c", "a/b/d", "f"]);
  assertEquals(part.get("a/b")?.mode, 0o700);
  const refused = (paths: readonly string[]) =>
    assertThrows(() => partOfTree(whole, paths), TowerError).message;
  assertEquals(refused(["a", "g/h"]), 'Cannot take "/g/h": it is not in the tree');
  assertEquals(
    refused(["a/b/d"]),
    'Cannot take "/a/b/d" into a part of the tree: it is a hard link to "/a/b/c", which is elsewhere',
  );
});
