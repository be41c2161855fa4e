import { TowerError } from "../../lib/errors.ts";
import type { Content } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { folderTree, pathIn, treeWithout } from "../../lib/tree/tree_view.ts";

const BOOT = "boot";

/** The path on the boot volume of a path below /boot, or undefined. */
export function bootPath(path: string): string | undefined {
  return pathIn(BOOT, path);
}

/**
 * The tree's /boot as a tree of its own, with the files of the boot loaders added.
 *
 * @throws {TowerError} `not-found` when there is no such directory, `unsupported` for a hard link
 * in it to a file elsewhere, `conflict` when the tree has a file that a loader needs for itself.
 */
export function bootTreeOf(
  tree: FileTree,
  files: ReadonlyMap<string, Content>,
  epoch: number,
): FileTree {
  const out = folderTree(tree, BOOT);
  const origin = "stage:boot-loader";
  for (const [path, content] of files) {
    if (out.get(path)) {
      throw new TowerError(
        "conflict",
        `Cannot write the boot loader's "/${BOOT}/${path}": the tree has such a file`,
      );
    }
    out.putParents(path, origin, epoch);
    out.put({ type: "file", path, mode: 0o644, uid: 0, gid: 0, mtime: epoch, content, origin });
  }
  return out;
}

/**
 * The tree without what /boot holds; the empty directory stays as a mount point.
 *
 * @throws {TowerError} `unsupported` for a hard link to a file in /boot.
 */
export function rootTreeOf(tree: FileTree): FileTree {
  return treeWithout(tree, BOOT);
}
