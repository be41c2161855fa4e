import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { Digest } from "../../lib/brand.ts";
import { encodedChunks } from "../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { TowerError } from "../../lib/errors.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { ContentStore } from "../../lib/store/ports.ts";
import { piecesOf, wholeBlob } from "../../lib/tree/content.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { formatTree, parseTree } from "../../lib/tree/tree_text.ts";

/** A larger one is made whenever it is needed. */
const MOST_BYTES = 1 << 30;
const CHUNK = 1 << 20;

/** A tree that was made, and what became of the scripts of its packages. */
export interface MadeTree {
  readonly tree: FileTree;
  readonly scripts: readonly ScriptOutcome[];
  /** What was warned of when it was made. */
  readonly warnings: readonly string[];
}

/** Trees by name. */
export type MadeTrees = ReadonlyMap<string, MadeTree>;

/** What is kept of a tree: its text is a blob of the store. */
interface Note {
  readonly text: { readonly digest: Digest; readonly size: number };
  readonly scripts: MadeTree["scripts"];
  readonly warnings: MadeTree["warnings"];
}

/** Trees that were made before, by their ids. */
export interface KeptTrees {
  /**
   * The tree that was kept under an id, undefined where there is none, or something of it is gone or
   * damaged.
   *
   * @param packages blobs that are known to be right, or are found out not to be when they are read
   */
  recall(id: Digest, packages: ReadonlySet<Digest>): MadeTree | undefined;
  keep(id: Digest, made: MadeTree): void;
}

/** Where what makes trees is not what their ids say: none is known, none is kept. */
export const NO_KEPT_TREES: KeptTrees = { recall: () => undefined, keep() {} };

/** @param program digest of what makes trees */
export function keptTrees(store: ContentStore, program: () => Digest): KeptTrees {
  const nameOf = (tree: Digest) => hexOf(digestOf(canonicalJson({ tree, program: program() })));
  return {
    recall(id, packages) {
      const note = store.readNote("trees", nameOf(id)) as Note | undefined;
      if (note === undefined || note.text.size > MOST_BYTES) return undefined;
      const { text, ...told } = note;
      try {
        const tree = treeIn(store, text);
        const isThere = (blob: Digest) =>
          packages.has(blob) ? store.has(blob) : store.isWhole(blob);
        return blobsOf(tree).every(isThere) ? { tree, ...told } : undefined;
      } catch (error) {
        if (error instanceof TowerError) return undefined;
        throw error;
      }
    },
    keep(id, { tree, ...told }) {
      const text = written(store, tree);
      if (text) store.writeNote("trees", nameOf(id), { text, ...told } satisfies Note);
    },
  };
}

function written(store: ContentStore, tree: FileTree): Note["text"] | undefined {
  const blob = store.writer();
  try {
    let size = 0;
    for (const bytes of encodedChunks(formatTree(tree))) {
      size += bytes.length;
      if (size > MOST_BYTES) return undefined;
      blob.write(bytes);
    }
    return blob.commit();
  } finally {
    blob.discard();
  }
}

/** Reads a text twice: what is not the one that was written is no tree's. */
function treeIn(store: ContentStore, text: Note["text"]): FileTree {
  const pieces = () => piecesOf(store, wholeBlob(text), new Uint8Array(CHUNK));
  for (const _ of pieces());
  return parseTree(linesOf(pieces()));
}

function* linesOf(pieces: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** The blobs that hold what is in a tree. */
function blobsOf(tree: FileTree): Digest[] {
  const blobs = new Set<Digest>();
  for (const entry of tree.walk()) {
    if (entry.type === "file" && entry.content.kind === "span") blobs.add(entry.content.blob);
  }
  return [...blobs];
}
