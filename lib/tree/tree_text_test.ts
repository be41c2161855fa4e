import { assertEquals, assertThrows } from "@std/assert";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { digestOf } from "../bytes/digest.ts";
import { inlineText, wholeBlob } from "./content.ts";
import type { Entry } from "./entry.ts";
import { childOf, FileTree } from "./file_tree.ts";
import { formatTree, parseTree } from "./tree_text.ts";

const OWNED = { mode: 0o644, uid: 1, gid: 2, mtime: 7.5, origin: "package:a-b" } as const;
const NAMES = ["a", "b", "é 世", "\u{1f600}", "\ud800", '"\\'];

function read(tree: FileTree): FileTree {
  return parseTree([...formatTree(tree)].map((line) => line.slice(0, -1)));
}
const entriesOf = (tree: FileTree) => [...tree.walk()];

/** Some random changes, the same of the same numbers. */
function change(tree: FileTree, random: ReturnType<typeof randomNumbers>): void {
  for (let i = 0; i < 12; i++) {
    const entries = entriesOf(tree);
    const folder = random.pick(entries.filter(({ type }) => type === "directory"));
    const files = entries.filter(({ type }) => type === "file");
    const path = childOf(folder.path, random.pick(NAMES));
    const entry = { ...OWNED, path, mtime: random.below(9), origin: "stage:x" } as const;
    const other = random.pick([...files, folder]).path;
    const xattrs = new Map([["user.b", Uint8Array.of(0, 255)], ["user.a", new Uint8Array()]]);
    const kinds: readonly Entry[] = [
      { ...entry, type: "directory" },
      { ...entry, type: "file", content: inlineText(path), xattrs },
      { ...entry, type: "file", content: wholeBlob({ digest: digestOf(path), size: 9 }) },
      { ...entry, type: "symlink", target: other },
      { ...entry, type: "block", major: 8, minor: 1 },
      { ...entry, type: "fifo" },
      ...files.some((file) => file.path === other && other !== path) && !tree.hasLinks(path)
        ? [{ ...entry, type: "hardlink", target: other } as const]
        : [],
    ];
    if (tree.get(path)?.type === "directory" || random.below(9) === 0) tree.remove(path);
    else tree.replace(random.pick(kinds));
  }
}

Deno.test("a tree that was read again is the tree, also for whoever changes it", () => {
  for (let seed = 0; seed < 300; seed++) {
    const tree = new FileTree({ ...OWNED, mode: 0o755 });
    change(tree, randomNumbers(seed));
    const again = read(tree);
    assertEquals(again.size, tree.size);
    assertEquals(entriesOf(again), entriesOf(tree));
    change(tree, randomNumbers(-seed));
    change(again, randomNumbers(-seed));
    assertEquals(entriesOf(again), entriesOf(tree), `seed ${seed}`);
  }
});

Deno.test("no text is no tree", () => {
  assertThrows(() => parseTree([]), RangeError, "there is no root");
});
