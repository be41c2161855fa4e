import { TowerError } from "../errors.ts";
import { rootHashOf } from "../format/verity/root_hash.ts";
import { fillIn } from "../schema/references.ts";
import { sourceOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";

/**
 * A command line with the root hashes of hash devices that are files of a tree.
 *
 * @param commandLine with `{roothash:/PATH}` for each, and no other reference
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
    const message = `Cannot tell the root hash of "${of}": no such file is in the tree`;
    throw new TowerError("not-found", message, { hint: 'a stage "verity" before makes it' });
  });
}
