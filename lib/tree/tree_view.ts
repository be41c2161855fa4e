import { TowerError } from "../errors.ts";
import type { DirectoryEntry, Entry } from "./entry.ts";
import { FileTree } from "./file_tree.ts";

/** A path below a folder as a tree that begins there has it; undefined for one elsewhere. */
export function pathIn(folder: string, path: string): string | undefined {
  if (folder === "") return path;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

/**
 * A folder of a tree as a tree of its own, whose root is the folder. Symbolic links stay as they
 * are: an absolute one leads elsewhere in it.
 *
 * @throws {TowerError} `not-found` where the folder is no directory, `unsupported` for a hard link
 * in it to a file that is not.
 */
export function folderTree(tree: FileTree, folder: string): FileTree {
  const top = tree.get(folder);
  if (top?.type !== "directory") {
    const cause = top?.type === "symlink" ? `is a link to "${top.target}"` : "is no directory";
    throw new TowerError("not-found", `Cannot use "/${folder}" as a tree: it ${cause}`);
  }
  const view = new FileTree(top);
  for (const entry of tree.walk(folder)) {
    const path = pathIn(folder, entry.path);
    if (path !== undefined && path !== "") view.put(movedTo(entry, path, folder));
  }
  return view;
}

function movedTo(entry: Entry, path: string, folder: string): Entry {
  if (entry.type !== "hardlink") return { ...entry, path };
  const target = pathIn(folder, entry.target);
  if (target === undefined) throw leadsOver(entry, `"/${folder}"`, "which is outside");
  return { ...entry, path, target };
}

/**
 * A tree without what a folder of it holds; the directory stays, empty, as a mount point.
 *
 * @throws {TowerError} `unsupported` for a hard link elsewhere to a file in it.
 */
export function treeWithout(tree: FileTree, folder: string): FileTree {
  const isInside = (path: string) => pathIn(folder, path) !== undefined;
  for (const entry of tree.walk()) {
    if (entry.type !== "hardlink" || isInside(entry.path) || !isInside(entry.target)) continue;
    throw leadsOver(entry, `a tree without "/${folder}"`, "which is inside");
  }
  const rest = tree.clone();
  for (const { path } of tree.children(folder)) rest.remove(path);
  return rest;
}

/**
 * What a tree has at some paths and below them, with the directories that lead there.
 *
 * @throws {TowerError} `not-found` for a path that is not there, `unsupported` for a hard link to a file that
 * is elsewhere.
 */
export function partOfTree(tree: FileTree, paths: readonly string[]): FileTree {
  const missing = paths.find((path) => !tree.get(path));
  if (missing !== undefined) {
    throw new TowerError("not-found", `Cannot take "/${missing}": it is not in the tree`);
  }
  const isIn = (path: string) => paths.some((top) => path === top || path.startsWith(`${top}/`));
  const leadsTo = (path: string) => paths.some((top) => top.startsWith(`${path}/`));
  const part = new FileTree(tree.get("") as DirectoryEntry);
  for (const entry of tree.walk()) {
    if (entry.path === "" || !(isIn(entry.path) || leadsTo(entry.path))) continue;
    if (entry.type === "hardlink" && !isIn(entry.target)) {
      throw leadsOver(entry, "a part of the tree", "which is elsewhere");
    }
    part.put(entry);
  }
  return part;
}

function leadsOver({ path, target }: Entry & { type: "hardlink" }, into: string, where: string) {
  return new TowerError(
    "unsupported",
    `Cannot take "/${path}" into ${into}: it is a hard link to "/${target}", ${where}`,
    { hint: "a stage can put a file of its own in its place" },
  );
}
