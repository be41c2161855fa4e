import { TowerError } from "../errors.ts";
import { identityOf } from "./content.ts";
import { type Entry, sizeOf } from "./entry.ts";
import { FileTree, parentOf } from "./file_tree.ts";

/** Most paths that a message names. */
const MOST_NAMED = 8;

/**
 * What a tree has beyond another one, as a tree that is laid over that one: entries that are new or
 * changed, with the directories that lead there. A file of several names comes with all of them. Who
 * put an entry there is no change.
 *
 * @throws {TowerError} `unsupported` where laying something over `base` cannot give `after`: for
 * entries that are gone, and directories that became something else, or the other way round.
 */
export function treeDifference(base: FileTree, after: FileTree): FileTree {
  refuseWhatIsNoAddition(base, after);
  const groups = namesOfLinkedFiles(after);
  const added = new FileTree(after.get("") as Entry & { type: "directory" });
  const add = (path: string) => {
    if (added.get(path)) return;
    add(parentOf(path));
    added.put(after.get(path)!);
  };
  for (const entry of after.walk()) {
    if (isSame(base.get(entry.path), entry)) continue;
    // Laid over, a file is another one: what has its other names would stay the one before.
    for (const path of groups.get(fileOf(entry)) ?? [entry.path]) add(path);
  }
  return added;
}

function refuseWhatIsNoAddition(base: FileTree, after: FileTree): void {
  const gone: string[] = [], turned: string[] = [];
  for (const { path, type } of base.walk()) {
    const now = after.get(path);
    if (!now) gone.push(path);
    else if ((now.type === "directory") !== (type === "directory")) turned.push(path);
  }
  if (gone.length + turned.length === 0) return;
  const causes = [
    ...gone.length > 0 ? [`${named(gone)} ${gone.length > 1 ? "are" : "is"} gone`] : [],
    ...turned.length > 0
      ? [`${named(turned)} became, or no longer ${turned.length > 1 ? "are" : "is"}, a directory`]
      : [],
  ];
  throw new TowerError(
    "unsupported",
    `Cannot tell as additions what changed between two trees: ${causes.join("; ")}`,
  );
}

function named(paths: readonly string[]): string {
  const others = paths.length - MOST_NAMED;
  const shown = paths.slice(0, MOST_NAMED).map((path) => `"/${path}"`).join(", ");
  return others > 0 ? `${shown} and ${others} more` : shown;
}

/** All names of files that have several, by the path of the file. */
function namesOfLinkedFiles(tree: FileTree): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const entry of tree.walk()) {
    if (entry.type !== "hardlink" && !tree.hasLinks(entry.path)) continue;
    const names = groups.get(fileOf(entry));
    if (names) names.push(entry.path);
    else groups.set(fileOf(entry), [entry.path]);
  }
  return groups;
}

function fileOf(entry: Entry): string {
  return entry.type === "hardlink" ? entry.target : entry.path;
}

function isSame(before: Entry | undefined, now: Entry): boolean {
  return before !== undefined && detailsOf(before) === detailsOf(now);
}

/** All of an entry but its path and its origin, as text. */
function detailsOf(entry: Entry): string {
  const { type, mode, uid, gid, mtime, xattrs } = entry;
  return JSON.stringify([
    ...[type, mode, uid, gid, mtime],
    [...xattrs ?? []].map(([name, value]) => [name, value.toHex()]).sort(),
    "content" in entry ? [sizeOf(entry.content), identityOf(entry.content)] : [],
    "target" in entry ? entry.target : [],
    "major" in entry ? [entry.major, entry.minor] : [],
  ]);
}
