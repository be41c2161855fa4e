import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { Entry } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { bootPath, bootTreeOf, rootTreeOf } from "./disk_trees.ts";

const COMMON = { uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;
const folder = (path: string): Entry => ({ type: "directory", path, mode: 0o755, ...COMMON });
const file = (path: string, text = path): Entry => ({
  type: "file",
  path,
  mode: 0o644,
  content: inlineText(text),
  ...COMMON,
});
function treeOf(...entries: readonly Entry[]): FileTree {
  const tree = new FileTree({ ...COMMON, mode: 0o755 });
  for (const entry of entries) tree.put(entry);
  return tree;
}

const TREE = [folder("boot"), folder("boot/dtbs"), file("boot/vmlinuz"), file("bootable")];

Deno.test("what is below /boot has a path there, its namesakes have none", () => {
  assertEquals(["boot/a/b", "boot", "bootable", "usr/boot/a"].map(bootPath), [
    "a/b",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("a boot loader's files come with their folders, and over nobody's file", () => {
  const tree = treeOf(...TREE);
  const boot = bootTreeOf(tree, new Map([["EFI/BOOT/X.EFI", inlineText("x")]]), 9);
  assertEquals(boot.get("EFI/BOOT")?.type, "directory");
  assertEquals(boot.get("EFI/BOOT/X.EFI")?.mtime, 9);
  assertThrows(
    () => bootTreeOf(tree, new Map([["vmlinuz", inlineText("x")]]), 9),
    TowerError,
    'boot loader\'s "/boot/vmlinuz"',
  );
  for (const bad of [treeOf(), treeOf(file("boot"))]) {
    assertThrows(
      () => bootTreeOf(bad, new Map(), 9),
      TowerError,
      '"/boot" as a tree: it is no directory',
    );
  }
});

Deno.test("the root keeps an empty /boot", () => {
  const root = rootTreeOf(treeOf(...TREE));
  assertEquals([...root.walk()].map(({ path }) => path), ["", "boot", "bootable"]);
});
