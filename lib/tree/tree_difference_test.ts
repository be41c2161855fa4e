import { assert, assertEquals, assertThrows } from "@std/assert";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { TowerError } from "../errors.ts";
import { digestOf } from "../bytes/digest.ts";
import { inlineText, wholeBlob } from "./content.ts";
import type { Entry } from "./entry.ts";
import { childOf, FileTree, parentOf } from "./file_tree.ts";
import { treeDifference } from "./tree_difference.ts";

const OWNED = { uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;
const folder = (path: string, mode = 0o755): Entry => ({ ...OWNED, type: "directory", path, mode });
const file = (path: string, text = ""): Entry => ({
  ...OWNED,
  ...{ type: "file", path, mode: 0o644, content: inlineText(text) },
});
const link = (path: string, target: string): Entry => ({
  ...OWNED,
  ...{ type: "hardlink", path, target, mode: 0o644 },
});

function treeOf(...entries: readonly Entry[]): FileTree {
  const tree = new FileTree({ ...OWNED, mode: 0o755 });
  for (const entry of entries) tree.put(entry);
  return tree;
}
const pathsOf = (tree: FileTree) => [...tree.walk()].map(({ path }) => path);
const entriesOf = (tree: FileTree) => [...tree.walk()].map((entry) => ({ ...entry, origin: "" }));

/** Lays a tree over another, as unpacking an archive there does: a file in the way is unlinked. */
function laidOver(base: FileTree, added: FileTree): FileTree {
  const tree = base.clone();
  for (const { path, type } of added.walk()) if (type !== "directory") tree.remove(path);
  for (const entry of added.walk()) tree.put(entry);
  return tree;
}

Deno.test("a difference has what is new or changed, with the directories that lead there", () => {
  const base = treeOf(folder("a"), file("a/same"), file("a/text"), folder("b"), file("b/c"));
  const after = base.clone();
  for (const entry of [file("a/text", "new"), folder("b", 0o700), folder("d"), file("d/e")]) {
    after.put(entry);
  }
  const added = treeDifference(base, after);
  assertEquals(pathsOf(added), ["", "a", "a/text", "b", "d", "d/e"]);
  assertEquals(added.get("b")?.mode, 0o700);
  assertEquals(pathsOf(treeDifference(base, base.clone())), [""]);
});

Deno.test("every detail of an entry is a change, but who put it there", () => {
  const content = (text: string) =>
    wholeBlob({ digest: digestOf(text), size: new TextEncoder().encode(text).length });
  const device = { ...OWNED, type: "char", path: "x", mode: 0o600, major: 1, minor: 2 } as const;
  const symlink = { ...OWNED, type: "symlink", path: "x", mode: 0o777, target: "a" } as const;
  const plain = file("x", "text") as Entry & { type: "file" };
  const xattrs = new Map([["user.a", new Uint8Array([1])]]);
  const isAdded = (a: Entry, b: Entry) => treeDifference(treeOf(a), treeOf(b)).size === 2;
  for (
    const [a, b] of [
      ...[{ mode: 0o600 }, { uid: 1 }, { gid: 1 }, { mtime: 8 }, { xattrs }].map((change) =>
        [plain, { ...plain, ...change }] as const
      ),
      [{ ...plain, xattrs }, {
        ...plain,
        xattrs: new Map([["user.a", new Uint8Array([2])]]),
      }],
      [plain, { ...plain, content: content("texT") }],
      [device, { ...device, major: 2 }],
      [device, { ...device, minor: 3 }],
      [device, { ...device, type: "block" }],
      [symlink, { ...symlink, target: "b" }],
      [symlink, plain],
    ] satisfies readonly (readonly [Entry, Entry])[]
  ) {
    assert(isAdded(a, b), JSON.stringify(b));
  }
  assert(!isAdded(plain, { ...plain, origin: "package:a" }));
  assert(!isAdded(plain, { ...plain, content: content("text") }));
});

Deno.test("a file of several names comes with all of them", () => {
  const base = treeOf(file("a", "1"), link("b", "a"), file("z"));
  const after = treeOf(file("a", "1"), link("b", "a"), link("c", "a"), file("z"));
  assertEquals(pathsOf(treeDifference(base, after)), ["", "a", "b", "c"]);
});

Deno.test("what cannot be said as an addition is refused, with as many names as people read", () => {
  const many = Array.from({ length: 20 }, (_, i) => file(`f${String(i).padStart(2, "0")}`));
  const refused = (base: FileTree, after: FileTree) => {
    const error = assertThrows(() => treeDifference(base, after), TowerError);
    assertEquals(error.code, "unsupported");
    return error.message.replace(/^Cannot tell as additions what changed between two trees: /, "");
  };
  assertEquals(refused(treeOf(file("a")), treeOf()), '"/a" is gone');
  assertEquals(
    refused(treeOf(...many), treeOf()),
    '"/f00", "/f01", "/f02", "/f03", "/f04", "/f05", "/f06", "/f07" and 12 more are gone',
  );
  assertEquals(
    refused(treeOf(folder("a"), file("b"), file("c")), treeOf(file("a"), folder("b"))),
    '"/c" is gone; "/a", "/b" became, or no longer are, a directory',
  );
});

/** Changes a tree at random; most changes can be said as additions. */
function change(tree: FileTree, random: ReturnType<typeof randomNumbers>): void {
  const entries = [...tree.walk()];
  const folders = entries.filter(({ type }) => type === "directory");
  const files = entries.filter(({ type }) => type === "file");
  const path = random.below(3) > 0
    ? childOf(random.pick(folders).path, random.pick(["a", "b", "c", "é"]))
    : random.pick(entries).path;
  const there = tree.get(path);
  const mode = random.pick([0o644, 0o755]);
  if (path === "" || there?.type === "directory") {
    if (path !== "" && random.below(40) === 0) tree.remove(path);
    else tree.put({ ...OWNED, ...folder(path, mode) });
    return;
  }
  const other = files.length > 0 ? random.pick(files).path : path;
  switch (random.below(5)) {
    case 0:
      return tree.get(parentOf(path)) && !there ? tree.put(folder(path)) : undefined;
    case 1:
      return other === path || tree.hasLinks(path) ? undefined : tree.replace(link(path, other));
    case 2:
      return tree.replace({ ...OWNED, type: "symlink", path, mode: 0o777, target: other });
    case 3:
      return tree.replace({ ...OWNED, type: "char", path, mode, major: random.below(3), minor: 0 });
    default:
      return tree.replace({ ...file(path, random.pick(["", "x", "y"])), mode });
  }
}

Deno.test("what is laid over the base gives the tree after", () => {
  const random = randomNumbers(12);
  let said = 0, smaller = 0;
  for (let round = 0; round < 2000; round++) {
    const base = treeOf();
    for (let i = random.below(40); i > 0; i--) change(base, random);
    const after = base.clone();
    for (let i = random.below(12); i > 0; i--) change(after, random);
    let added: FileTree;
    try {
      added = treeDifference(base, after);
    } catch (error) {
      assert(error instanceof TowerError && error.code === "unsupported");
      const isAddition = [...base.walk()].every(({ path, type }) => {
        const now = after.get(path);
        return now && (now.type === "directory") === (type === "directory");
      });
      assert(!isAddition);
      continue;
    }
    said++;
    if (added.size < after.size) smaller++;
    assertEquals(entriesOf(laidOver(base, added)), entriesOf(after));
  }
  assert(said > 1000 && smaller > 500, `${said} of 2000, ${smaller} smaller`);
});
