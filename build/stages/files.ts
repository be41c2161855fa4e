import { TowerError } from "../../lib/errors.ts";
import { inlineText, wholeBlob } from "../../lib/tree/content.ts";
import type { Entry } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { placeOf } from "../../lib/tree/place.ts";
import type { FilesPlan } from "../plan/plan.ts";
import type { Stage } from "./stage.ts";

/**
 * Lays the overlay over the tree, then the manifest's own files, then removes what it names. Links
 * that lead to a path are followed inside the tree.
 */
export const files: Stage<FilesPlan> = (tree, plan, { epoch }) => {
  const origin = "stage:files" as const;
  const owned = { uid: 0, gid: 0, mtime: epoch, origin };
  const put = (entry: Entry) => {
    const path = freePlace(tree, entry);
    tree.putParents(path, origin, epoch);
    tree.replace({ ...entry, path });
  };
  for (const { path, digest, size, executable } of plan.overlay) {
    put({
      ...owned,
      type: "file",
      path,
      mode: executable ? 0o755 : 0o644,
      content: wholeBlob({ digest, size }),
    });
  }
  for (const file of plan.files) {
    const { path } = file;
    if ("contents" in file) {
      const { mode, uid, gid } = file;
      put({ ...owned, type: "file", path, mode, uid, gid, content: inlineText(file.contents) });
    } else if ("symlink" in file) {
      put({ ...owned, type: "symlink", path, mode: 0o777, target: file.symlink });
    } else {
      const { mode, uid, gid } = file;
      put({ ...owned, type: "directory", path, mode, uid, gid });
    }
  }
  const missing = plan.remove.filter((path) => !remove(tree, path));
  if (missing.length === 0) return;
  throw new TowerError(
    "not-found",
    `Cannot remove ${missing.map((path) => `"/${path}"`).join(", ")}: nothing is there`,
    { hint: "take it off the list of the files stage" },
  );
};

/**
 * Where an entry goes without taking away a directory, or making one of something else: `/lib` is
 * a link on some systems, and a directory in its place would hide all that it leads to.
 */
function freePlace(tree: FileTree, { path: named, type }: Entry): string {
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

function remove(tree: FileTree, path: string): boolean {
  try {
    return tree.remove(placeOf(tree, path));
  } catch (error) {
    if (error instanceof TowerError) return false;
    throw error;
  }
}
