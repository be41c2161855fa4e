import { atOnce, type Steps } from "../breathe.ts";
import { readAccounts } from "../accounts/account_files.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import {
  filesOf,
  type Installation,
  type InstalledDirectory,
  type KnownIds,
  type Ownership,
  ownershipOf,
  withIds,
} from "./installation.ts";

/**
 * Gives files to the users and groups that their packages name, once scripts have made those.
 * apk prefers names over numbers as well (src/io_archive.c, apk_resolve_uid); it looks them up
 * when it unpacks a file, after the package's pre-install script.
 *
 * What a script has given to somebody else meanwhile stays as it is.
 *
 * @returns The installation with the ids that the database is to tell.
 */
export function resolveOwners(
  tree: FileTree,
  installation: Installation,
  reader: ContentReader,
): Installation {
  return atOnce(ownerSteps(tree, installation, reader));
}

/** What {@linkcode resolveOwners} does. */
export function* ownerSteps(
  tree: FileTree,
  installation: Installation,
  reader: ContentReader,
): Steps<Installation> {
  const accounts = readAccounts(tree, reader);
  const ids: KnownIds = {
    users: new Map(accounts.users.map((u) => [u.name, u.uid])),
    groups: new Map(accounts.groups.map((g) => [g.name, g.gid])),
  };
  for (const installed of installation.packages) {
    for (const directory of installed.directories) {
      for (const { place, entry } of filesOf(installed, directory)) {
        yield;
        if (entry.user === undefined && entry.group === undefined) continue;
        const ownership = ownershipOf(entry);
        change(tree, place, ownership, withIds(ownership, ids));
      }
    }
  }
  for (const [place, shared] of byPlace(installation)) {
    change(tree, place, merged(shared), merged(shared.map((o) => withIds(o, ids))));
  }
  return { ...installation, ids };
}

function byPlace(installation: Installation): Map<string, Ownership[]> {
  const places = new Map<string, Ownership[]>();
  const add = ({ place, linked, ownership }: InstalledDirectory): void => {
    if (linked) return;
    const shared = places.get(place);
    if (shared) shared.push(ownership);
    else places.set(place, [ownership]);
  };
  for (const installed of installation.packages) installed.directories.forEach(add);
  return places;
}

/** The lowest owner, and the common bits of the modes that come with it. */
function merged(shared: readonly Ownership[]): Ownership {
  return shared.reduce((a, b) => {
    if (b.uid !== a.uid) return b.uid < a.uid ? b : a;
    if (b.gid !== a.gid) return b.gid < a.gid ? b : a;
    return { ...a, mode: a.mode & b.mode };
  });
}

function change(tree: FileTree, place: string, from: Ownership, to: Ownership): void {
  if (from.uid === to.uid && from.gid === to.gid && from.mode === to.mode) return;
  const entry = tree.get(place);
  if (!entry || entry.type === "hardlink" || !entry.origin.startsWith("package:")) return;
  if (entry.uid !== from.uid || entry.gid !== from.gid) return;
  const mode = entry.mode === from.mode ? to.mode : entry.mode;
  tree.put({ ...entry, uid: to.uid, gid: to.gid, mode });
}
