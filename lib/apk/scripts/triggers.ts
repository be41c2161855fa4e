import { compareBytes } from "../../bytes/bytes.ts";
import { matchesPath } from "../../shell/pattern.ts";
import { entriesOf } from "../entry_table.ts";
import type { UnpackedPackage } from "../types.ts";

/**
 * Directories that packages bring, with a leading slash and the root, in byte order. On a fresh
 * install all of them have changed.
 */
export function directoriesOf(packages: readonly UnpackedPackage[]): string[] {
  const paths = new Set(["/"]);
  for (const { entries } of packages) {
    for (const entry of entriesOf(entries)) {
      if (entry.type === "directory") paths.add(`/${entry.path}`);
    }
  }
  return [...paths].sort(compareBytes);
}

/**
 * The directories that a package's triggers match. A glob must start with `/`, or with `+/`, which
 * asks for changed directories only (apk-tools src/database.c, fire_triggers).
 */
export function triggeredBy(globs: readonly string[], directories: readonly string[]): string[] {
  const absolute = globs.map((glob) => glob.replace(/^\+/, "")).filter((g) => g.startsWith("/"));
  return directories.filter((path) => absolute.some((glob) => matchesPath(glob, path)));
}
