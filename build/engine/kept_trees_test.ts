import { assert, assertEquals } from "@std/assert";
import { encodedChunks } from "../../lib/bytes/bytes.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { inlineText, wholeBlob } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { formatTree } from "../../lib/tree/tree_text.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { keptTrees } from "./kept_trees.ts";

const OWNED = { mode: 0o644, uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;
const ID = digestOf("tree");
const blobOf = (store: MemoryStore, text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { digest: store.put(bytes), size: bytes.length };
};

/** A tree with a file of a package and one of a stage; 5000 others make its text longer than a piece. */
function kept() {
  const store = new MemoryStore();
  const [data, made] = [blobOf(store, "package"), blobOf(store, "stage")];
  const tree = new FileTree({ ...OWNED, mode: 0o755 });
  tree.put({ ...OWNED, type: "file", path: "a", content: wholeBlob(data) });
  tree.put({ ...OWNED, type: "file", path: "b", content: wholeBlob(made) });
  for (let i = 0; i < 12_000; i++) {
    tree.put({ ...OWNED, type: "file", path: `é${i}`, content: inlineText("") });
  }
  const trees = keptTrees(store, () => digestOf("program"));
  trees.keep(ID, { tree, scripts: [], warnings: ["careful"] });
  return { store, trees, tree, data: data.digest, made: made.digest };
}

/** A store from here on: each blob is what `bytes` says. */
function damage(store: MemoryStore, blob: string, bytes: string | undefined): void {
  const open = store.open.bind(store), isWhole = store.isWhole.bind(store);
  const has = store.has.bind(store);
  store.has = (digest) => digest === blob ? bytes !== undefined : has(digest);
  store.isWhole = (digest) => digest === blob ? false : isWhole(digest);
  store.open = (digest) =>
    open(
      digest !== blob
        ? digest
        : bytes === undefined
        ? digestOf("nothing")
        : store.put(new TextEncoder().encode(bytes)),
    );
}

Deno.test("a tree that was kept is the tree, for its id and the program that made it", () => {
  const { store, trees, tree, data } = kept();
  const again = trees.recall(ID, new Set([data]));
  assertEquals([...again!.tree.walk()], [...tree.walk()]);
  assertEquals([again!.scripts, again!.warnings], [[], ["careful"]]);
  assertEquals(trees.recall(digestOf("other"), new Set()), undefined);
  assertEquals(keptTrees(store, () => digestOf("new")).recall(ID, new Set()), undefined);
});

Deno.test("a tree whose text is damaged, or of which something is gone, is made anew", () => {
  const textOf = (tree: FileTree) => {
    const chunks = [...encodedChunks(formatTree(tree))];
    return new TextDecoder().decode(Uint8Array.from(chunks.flatMap((bytes) => [...bytes])));
  };
  for (
    const [what, bytes] of [
      ["text", "changed"],
      ["text", "nonsense"],
      ["text", undefined],
      ["data", undefined],
      ["made", undefined],
      ["made", "stagE"],
    ] as const
  ) {
    const { store, trees, tree, data, made } = kept();
    const text = textOf(tree);
    const blob = { text: digestOf(text), data, made }[what];
    damage(store, blob, bytes === "changed" ? text.replace("é17", "é71") : bytes);
    assertEquals(trees.recall(ID, new Set([data])), undefined, `${what} ${bytes}`);
  }
  // Whether a package's data is right shows when it is read: it is loaded again then.
  const { store, trees, data } = kept();
  damage(store, data, "packagE");
  assert(trees.recall(ID, new Set([data])));
  assertEquals(trees.recall(ID, new Set()), undefined);
});
