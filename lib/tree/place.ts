import { TowerError } from "../errors.ts";
import type { Entry } from "./entry.ts";
import { childOf, type FileTree, nameOf, parentOf } from "./file_tree.ts";

/**
 * Where an entry that is put at `path` belongs: links among its parents are followed as in a
 * chroot, the last part is not. Parents may be missing, also behind a link that dangles.
 *
 * @throws {TowerError} `conflict` that names the link or the file in the way.
 */
export function placeOf(tree: FileTree, path: string): string {
  return childOf(folderOf(tree, parentOf(path), path), nameOf(path));
}

/**
 * Where an entry goes without taking away a directory, or making one of something else: `/lib` is
 * a link on some systems, and a directory in its place would hide all that it leads to.
 *
 * @throws {TowerError} `conflict` that names what is there
 */
export function freePlaceOf(
  tree: FileTree,
  { path: named, type }: Pick<Entry, "path" | "type">,
): string {
  const path = placeOf(tree, named);
  const there = tree.get(path);
  if (!there) return path;
  const target = there.type === "symlink" ? tree.resolve(path) : path;
  const isDirectory = target !== undefined && tree.get(target)?.type === "directory";
  if (type === "directory" && isDirectory) return target;
  if (type !== "directory" && !isDirectory) return path;
  // Another link in the place of a link is what a manifest that names one means.
  if (type === "symlink" && there.type === "symlink") return path;
  const what = there.type === "symlink" ? `a link to "${there.target}"` : `a ${there.type}`;
  throw new TowerError("conflict", `Cannot put the ${type} "/${named}": ${what} is there`, {
    hint: "a files stage before this one can remove it",
  });
}

/** The directory, there or not, that `path` names once every link is followed. */
function folderOf(tree: FileTree, path: string, wanted: string): string {
  const refuse = (cause: string) =>
    new TowerError("conflict", `Cannot put "/${wanted}" into the tree: ${cause}`);
  const followed: string[] = [];
  const folder = tree.follow(path, (name, _, entry) => {
    if (entry?.type === "symlink") followed.push(`"/${name}" is a link to "${entry.target}"`);
    else if (entry && entry.type !== "directory") {
      throw refuse([...followed, `"/${name}" is no directory`].join(", and "));
    }
    return true;
  });
  if (folder === undefined) throw refuse(`${followed[0]}, which leads in a circle`);
  return folder;
}
