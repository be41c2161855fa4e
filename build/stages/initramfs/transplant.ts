import { TowerError } from "../../../lib/errors.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";

/**
 * Copies what a path names from one tree to another, with the directories and symbolic links
 * that lead there, so that the path means the same in both (`/bin/sh` where `/bin` is a link). A
 * directory is copied whole; links inside it are copied but not followed.
 *
 * Returns the paths of the regular files that were named, links resolved.
 *
 * @throws {TowerError} `not-found` when the path is not in the tree.
 */
export function transplant(from: FileTree, to: FileTree, path: string): string[] {
  const at = from.follow(path, (_, __, entry) => {
    if (entry) graft(from, to, entry);
    return entry !== undefined;
  });
  if (at === undefined) throw missing(path);
  const files: string[] = [];
  for (const entry of from.walk(at)) {
    graft(from, to, entry);
    if (entry.type === "file" || entry.type === "hardlink") files.push(entry.path);
  }
  return files;
}

/**
 * Puts one entry. A hard link becomes a file of its own, since its other name may not come. Xattrs
 * stay behind: cpio has none, and a capability means nothing where all programs run as root.
 */
function graft(from: FileTree, to: FileTree, named: Entry): void {
  if (to.get(named.path)) return;
  const file = named.type === "hardlink" ? from.file(named.path) : undefined;
  const { xattrs: _, ...entry } = file ? { ...file, path: named.path } : named;
  to.put(entry);
}

function missing(path: string): TowerError {
  return new TowerError("not-found", `Cannot take "/${path}" into the initramfs: it is not there`, {
    hint: "Add the package that has it, or take it off the list of files",
  });
}
