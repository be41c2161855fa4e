import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { holderOf, partOf, withLoaderFiles } from "./trees.ts";

const COMMON = { uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;
const folder = (path: string): Entry => ({ type: "directory", path, mode: 0o755, ...COMMON });
const file = (path: string, text = path): Entry => ({
  type: "file",
  path,
  mode: 0o644,
  content: inlineText(text),
  ...COMMON,
});
const link = (path: string, target: string): Entry => ({
  type: "hardlink",
  path,
  target,
  mode: 0o644,
  ...COMMON,
});

function treeOf(...entries: readonly Entry[]): FileTree {
  const tree = new FileTree({ ...COMMON, mode: 0o755 });
  for (const entry of entries) tree.put(entry);
  return tree;
}

const TREE = [folder("boot"), folder("boot/dtbs"), file("boot/vmlinuz"), file("bootable")];
const pathsOf = (tree: FileTree) => [...tree.walk()].map(({ path }) => path);

Deno.test("a file lies in the innermost folder that is above it", () => {
  const folders = ["", "boot", "boot/efi"];
  const files = ["boot/efi/a", "boot/efi", "boot/b", "bootable", "etc/c"];
  assertEquals(files.map((file) => holderOf(folders, file)), ["boot/efi", "boot", "boot", "", ""]);
  assertEquals(holderOf(["boot"], "etc/c"), undefined);
});

Deno.test("a boot loader's files come with their folders, and over nobody's file", () => {
  const own = treeOf(file("vmlinuz"));
  const boot = withLoaderFiles(own, new Map([["EFI/BOOT/X.EFI", inlineText("x")]]), "boot", 9);
  assertEquals(boot.get("EFI/BOOT")?.type, "directory");
  assertEquals(boot.get("EFI/BOOT/X.EFI")?.mtime, 9);
  assertEquals(own.get("EFI"), undefined);
  assertThrows(
    () => withLoaderFiles(own, new Map([["vmlinuz", inlineText("x")]]), "boot", 9),
    TowerError,
    'boot loader\'s "/boot/vmlinuz"',
  );
});

Deno.test("no partition holds what is no directory", () => {
  for (const bad of [treeOf(), treeOf(file("boot"))]) {
    assertThrows(() => partOf(bad, "boot", ["boot", ""]), TowerError, '"/boot" as a tree');
  }
});

Deno.test("a partition keeps the folders of others, empty", () => {
  const tree = treeOf(
    ...TREE,
    folder("boot/efi"),
    file("boot/efi/a"),
    folder("srv"),
    file("srv/b"),
  );
  const part = (folder: string) => pathsOf(partOf(tree, folder, ["boot/efi", "", "boot"]));
  assertEquals(part(""), ["", "boot", "bootable", "srv", "srv/b"]);
  assertEquals(part("boot"), ["", "dtbs", "efi", "vmlinuz"]);
  assertEquals(part("boot/efi"), ["", "a"]);
});

Deno.test("no hard link leads to another partition", () => {
  const kept = partOf(treeOf(...TREE, link("copy", "bootable")), "", ["boot", ""]);
  assertEquals(kept.get("copy")?.type, "hardlink");
  const out = treeOf(...TREE, link("boot/copy", "bootable"));
  assertThrows(() => partOf(out, "boot", ["boot", ""]), TowerError, '"/boot/copy" into "/boot"');
  const into = treeOf(...TREE, link("copy", "boot/vmlinuz"));
  assertThrows(() => partOf(into, "", ["boot", ""]), TowerError, 'into a tree without "/boot"');
});
