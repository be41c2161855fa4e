import { type FileTree, nameOf, parentOf } from "../tree/file_tree.ts";
import { scriptOf } from "./scripts/scripts_archive.ts";
import { directoriesOf, triggeredBy } from "./scripts/triggers.ts";
import type { UnpackedPackage } from "./types.ts";

/** What `apk add --initdb` makes before any package (apk-tools src/database.c, apk_db_create). */
const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ["dev", 0o755],
  ["etc", 0o755],
  ["etc/apk", 0o755],
  ["lib", 0o755],
  ["lib/apk", 0o755],
  ["lib/apk/db", 0o755],
  ["proc", 0o555],
  ["tmp", 0o1777],
  ["var", 0o755],
  ["var/cache", 0o755],
  ["var/cache/apk", 0o755],
  ["var/cache/misc", 0o755],
];
/** Where apk puts a script to run it, made for the first one (src/package.c). */
const EXEC = "lib/apk/exec";

/**
 * Gives a tree the directories that apk itself makes, and those that packages brought too the
 * owner and mode that apk gave them first. Where a link or something else is, it stays.
 *
 * @param tree Holds the files of all packages, and no script was run.
 * @param packages In the order of installation.
 */
export function putApkDirectories(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  epoch: number,
): void {
  for (const [path, mode] of DIRECTORIES) putDirectory(tree, path, mode, epoch);
  if (isExecApks(packages)) putDirectory(tree, EXEC, 0o700, epoch);
}

function putDirectory(tree: FileTree, path: string, mode: number, epoch: number): void {
  const parent = tree.resolve(parentOf(path));
  if (parent === undefined || tree.get(parent)?.type !== "directory") return;
  const place = parent === "" ? nameOf(path) : `${parent}/${nameOf(path)}`;
  const existing = tree.get(place);
  if (existing && existing.type !== "directory") return;
  const made = { type: "directory", path: place, mtime: epoch, origin: "stage:packages" } as const;
  tree.put({ ...existing ?? made, mode, uid: 0, gid: 0 });
}

/** Whether a script runs before a package brings the directory for scripts. */
function isExecApks(packages: readonly UnpackedPackage[]): boolean {
  for (const unpacked of packages) {
    if (unpacked.info.installedSize === 0) continue;
    if (scriptOf(unpacked, "pre-install")) return true;
    if (unpacked.entries.paths.includes(EXEC)) return false;
    if (scriptOf(unpacked, "post-install")) return true;
  }
  const directories = directoriesOf(packages);
  return packages.some((unpacked) =>
    scriptOf(unpacked, "trigger") && triggeredBy(unpacked.info.triggers, directories).length > 0
  );
}
