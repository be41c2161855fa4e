import { TowerError } from "../../../lib/errors.ts";
import type { Content } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { folderTree, pathIn, treeWithout } from "../../../lib/tree/tree_view.ts";
import type { AnyContent } from "./content.ts";

/** The folder that a content holds of a tree, if any: by its name, or undefined for the disk's. */
export function foldersOf(content: AnyContent, tree: string | undefined): string[] {
  return content.tree === tree && content.folder !== undefined ? [content.folder] : [];
}

/** Of some folders the innermost that a file lies in; undefined where it lies in none. */
export function holderOf(folders: readonly string[], file: string): string | undefined {
  return folders.filter((folder) => pathIn(folder, file) !== undefined)
    .sort((a, b) => b.length - a.length)[0];
}

/**
 * What a partition holds of a tree: a folder as a tree of its own, without what lies below those of
 * other partitions. Their directories stay, empty, as mount points.
 *
 * @param folders of all partitions of the same tree
 * @throws {TowerError} `not-found` when it is no directory, `unsupported` for a hard link to or from
 * another partition.
 */
export function partOf(tree: FileTree, folder: string, folders: readonly string[]): FileTree {
  const inner = folders.flatMap((other) => pathIn(folder, other) || []);
  const whole = folder === "" ? tree : folderTree(tree, folder);
  return inner.reduce(treeWithout, whole);
}

/** The tree of a file system that holds nothing yet. */
export function emptyTree(epoch: number): FileTree {
  return new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: epoch, origin: "stage:disk" });
}

/**
 * A boot partition's tree with the files of the boot loaders added.
 *
 * @param folder what the partition holds, for messages
 * @throws {TowerError} `conflict` when the tree has a file that a loader needs for itself.
 */
export function withLoaderFiles(
  tree: FileTree,
  files: ReadonlyMap<string, Content>,
  folder: string,
  epoch: number,
): FileTree {
  const out = tree.clone();
  const origin = "stage:boot-loader";
  for (const [path, content] of files) {
    if (out.get(path)) {
      throw new TowerError(
        "conflict",
        `Cannot write the boot loader's "/${folder}/${path}": the tree has such a file`,
      );
    }
    out.putParents(path, origin, epoch);
    out.put({ type: "file", path, mode: 0o644, uid: 0, gid: 0, mtime: epoch, content, origin });
  }
  return out;
}
