import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText, textOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";
import { addGroup, addUser } from "./accounts.ts";
import { readAccounts, writeAccounts } from "./account_files.ts";

const BASE = { uid: 0, gid: 0, mtime: 1, origin: "package:base" as const };
const BY = { origin: "stage:accounts" as const, mtime: 9 };
const NO_BLOBS: ContentReader = {
  open(blob) {
    throw new TowerError("not-found", `Cannot open "${blob}"`);
  },
};

function treeWith(files: Record<string, string>): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  for (const [path, text] of Object.entries(files)) {
    tree.putParents(path, BASE.origin, 1);
    tree.put({ ...BASE, type: "file", path, mode: 0o644, content: inlineText(text) });
  }
  return tree;
}

Deno.test("a changed file keeps owner, mode and origin; others are not touched", () => {
  const tree = treeWith({ "etc/group": "root:x:0:\n", "etc/passwd": "", "etc/shadow": "" });
  tree.put({ ...tree.get("etc/group")!, mode: 0o640, gid: 5 });
  const before = readAccounts(tree, NO_BLOBS);
  const passwd = tree.get("etc/passwd");
  writeAccounts(tree, before, addGroup(before, { name: "a", system: true }), BY);
  const group = tree.file("etc/group")!;
  assertEquals([group.mode, group.gid, group.mtime, group.origin], [0o640, 5, 9, "package:base"]);
  assertEquals(textOf(NO_BLOBS, group.content), "root:x:0:\na:x:100:\n");
  assertEquals(tree.get("etc/passwd"), passwd);
});

Deno.test("missing files are made, shadow for its group alone", () => {
  const tree = treeWith({});
  const before = readAccounts(tree, NO_BLOBS);
  let after = addGroup(before, { name: "shadow", system: true, gid: 42 });
  after = addUser(after, {
    name: "ann",
    system: false,
    gecos: "",
    home: "/",
    shell: "/bin/sh",
    epoch: 86400,
  });
  writeAccounts(tree, before, after, BY);
  const shadow = tree.file("etc/shadow")!;
  assertEquals([shadow.mode, shadow.uid, shadow.gid], [0o640, 0, 42]);
  assertEquals(readAccounts(tree, NO_BLOBS), after);
});

Deno.test("a link is followed inside the tree and something else in the way is a conflict", () => {
  const tree = treeWith({ "usr/etc/group": "" });
  tree.putParents("etc/group", BASE.origin, 1);
  tree.put({ ...BASE, type: "symlink", path: "etc/group", mode: 0o777, target: "/usr/etc/group" });
  const before = readAccounts(tree, NO_BLOBS);
  const after = addGroup(before, { name: "a", system: true });
  writeAccounts(tree, before, after, BY);
  assertEquals(tree.get("etc/group")!.type, "symlink");
  assertEquals(textOf(NO_BLOBS, tree.file("usr/etc/group")!.content), "a:x:100:\n");
  tree.put({ ...BASE, type: "symlink", path: "etc/group", mode: 0o777, target: "/usr/etc" });
  assertThrows(() => writeAccounts(tree, before, after, BY), TowerError, "is no file");
});
