import { TowerError } from "../errors.ts";
import { childOf, type FileTree, MAX_LINKS, nameOf, parentOf } from "./file_tree.ts";

/**
 * Where an entry that is put at `path` belongs: links among its parents are followed as in a
 * chroot, the last part is not. Parents may be missing, also behind a link that dangles.
 *
 * @throws {TowerError} `conflict` that names the link or the file in the way.
 */
export function placeOf(tree: FileTree, path: string): string {
  return childOf(folderOf(tree, parentOf(path), path), nameOf(path));
}

/** The directory, there or not, that `path` names once every link is followed. */
function folderOf(tree: FileTree, path: string, wanted: string): string {
  const refuse = (cause: string) =>
    new TowerError("conflict", `Cannot put "/${wanted}" into the tree: ${cause}`);
  const pending = partsOf(path);
  const followed: string[] = [];
  let at = "";
  while (pending.length > 0) {
    const part = pending.pop()!;
    if (part === "..") {
      at = parentOf(at);
      continue;
    }
    const next = childOf(at, part);
    const entry = tree.get(next);
    if (entry?.type === "symlink") {
      followed.push(`"/${next}" is a link to "${entry.target}"`);
      if (followed.length > MAX_LINKS) throw refuse(`${followed[0]}, which leads in a circle`);
      if (entry.target.startsWith("/")) at = "";
      pending.push(...partsOf(entry.target));
    } else if (entry && entry.type !== "directory") {
      throw refuse([...followed, `"/${next}" is no directory`].join(", and "));
    } else at = next;
  }
  return at;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".").reverse();
}
