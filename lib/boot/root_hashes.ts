import { TowerError } from "../errors.ts";
import { rootHashOf } from "../format/verity/root_hash.ts";
import { fillIn, referencesIn } from "../schema/references.ts";
import { sourceOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";

/** Whether a command line refers to nothing but root hashes of files, as `{roothash:/PATH}`. */
export function refersToRootHashes(commandLine: string): boolean {
  return referencesIn(commandLine).every(({ value, of }) =>
    value === "roothash" && of.startsWith("/")
  );
}

/**
 * A command line with the root hashes of hash devices that are files of a tree.
 *
 * @throws {TowerError} `not-found` for what is not in the tree, and as {@linkcode rootHashOf}
 */
export function withRootHashes(
  commandLine: string,
  tree: FileTree,
  reader: ContentReader,
): string {
  return fillIn(commandLine, ({ of }) => {
    const hashes = tree.file(of.slice(1));
    if (hashes) return rootHashOf(sourceOf(reader, hashes.content));
    throw new TowerError(
      "not-found",
      `Cannot tell the root hash of "${of}": no such file is in the tree`,
      {
        hint: 'a stage "verity" before makes it',
      },
    );
  });
}
