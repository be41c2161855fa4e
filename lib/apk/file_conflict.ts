import { readDependency, satisfies } from "./dependency.ts";
import type { UnpackedPackage } from "./types.ts";

/** Who gets a path that two packages hold: its owner, the newcomer, or nobody without an error. */
export type Verdict = "owner" | "newcomer" | "conflict";

/**
 * Judges a path that an installed package owns and a later one brings as well, as apk-tools 2.14
 * does (src/database.c, apk_db_install_archive_entry): the same name or source package may
 * overwrite; else `replaces` on either side with `replaces_priority`; a tie goes to the newcomer.
 * Equal contents are no excuse.
 */
export function judgePath(owner: UnpackedPackage, newcomer: UnpackedPackage): Verdict {
  if (owner.info.name === newcomer.info.name) return "newcomer";
  if (owner.info.origin !== undefined && owner.info.origin === newcomer.info.origin) {
    return "newcomer";
  }
  const ownerPriority = replacePriority(owner, newcomer);
  const newcomerPriority = replacePriority(newcomer, owner);
  if (ownerPriority > newcomerPriority) return "owner";
  return newcomerPriority >= 0 ? "newcomer" : "conflict";
}

/** The priority with which a package replaces files of another; -1 where it does not. */
function replacePriority(a: UnpackedPackage, b: UnpackedPackage): number {
  const replaces = a.info.replaces.some((text) => {
    const dependency = readDependency(text);
    if (!dependency || dependency.conflict || dependency.name !== b.info.name) return false;
    return satisfies(dependency, b.info.version, b.identity);
  });
  return replaces ? a.info.replacesPriority ?? 0 : -1;
}
