import { TowerError } from "../../lib/errors.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";

const BOOT = "boot";

/** The path on the boot volume of a path below /boot, or undefined. */
export function bootPath(path: string): string | undefined {
  return path.startsWith(`${BOOT}/`) ? path.slice(BOOT.length + 1) : undefined;
}

/**
 * The tree's /boot as a tree of its own, with the files of the boot loaders added.
 *
 * @throws {TowerError} `not-found` when there is no such directory, `conflict` when the tree has
 * a file that a loader needs for itself.
 */
export function bootTreeOf(
  tree: FileTree,
  files: ReadonlyMap<string, Content>,
  epoch: number,
): FileTree {
  const boot = tree.get(BOOT);
  if (boot?.type !== "directory") {
    throw new TowerError("not-found", 'Cannot make a boot partition: "/boot" is no directory');
  }
  const out = new FileTree(boot);
  for (const entry of tree.walk(BOOT)) {
    const path = bootPath(entry.path);
    if (path === undefined) continue;
    const target = entry.type === "hardlink" ? bootPath(entry.target) : undefined;
    out.put(target === undefined ? { ...entry, path } : { ...entry, path, target } as typeof entry);
  }
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
  for (const entry of tree.walk()) {
    if (entry.type !== "hardlink" || bootPath(entry.path) !== undefined) continue;
    if (bootPath(entry.target) === undefined) continue;
    throw new TowerError(
      "unsupported",
      `Cannot put "/${entry.path}" on the root partition: it is a hard link to "/${entry.target}", which is on the boot partition`,
    );
  }
  const out = tree.clone();
  for (const child of tree.children(BOOT)) out.remove(child.path);
  return out;
}
