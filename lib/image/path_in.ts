import { TowerError } from "../errors.ts";
import type { FileTree } from "../tree/file_tree.ts";

/**
 * The path in a tree that a user means: as it stands there, or else where links lead, which never
 * leave the tree.
 *
 * @param asked With or without slashes before and behind it; all of the tree where there is no more.
 * @param image for messages
 * @throws {TowerError} `not-found`
 */
export function pathIn(tree: FileTree, asked: string, image: string): string {
  const path = asked.split("/").filter((part) => part !== "" && part !== ".").join("/");
  if (tree.get(path) !== undefined) return path;
  const led = tree.resolve(path);
  if (led !== undefined && tree.get(led) !== undefined) return led;
  throw new TowerError("not-found", `Cannot find "${asked}" in "${image}": it is not there`, {
    hint: "tower-build show-tree lists what is",
  });
}
