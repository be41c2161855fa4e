import { TowerError } from "../../lib/errors.ts";
import type { User } from "../../lib/accounts/files.ts";
import { inlineText, textOf } from "../../lib/tree/content.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import { type FileTree, isCanonical } from "../../lib/tree/file_tree.ts";
import { placeOf } from "../../lib/tree/place.ts";

const origin = "stage:accounts" as const;

/**
 * First parts of homes that are none: what the booted system mounts over, and the name that stands
 * for no home (Debian policy, §9.2.3).
 */
const NO_PLACES = ["dev", "nonexistent", "proc", "run", "sys"];
/** sshd's own, which has to stay empty. */
const EMPTY = "var/empty";
const MOST_KEYS = 1 << 20;

/** Makes a user's home where it is a place in the tree and nothing is there. */
export function putHome(tree: FileTree, user: User, mtime: number): void {
  const home = homeOf(tree, user);
  if (home.cause !== undefined || tree.get(home.path)) return;
  tree.putParents(home.path, origin, mtime);
  const { uid, gid } = user;
  tree.put({ type: "directory", path: home.path, mode: 0o700, uid, gid, mtime, origin });
}

/**
 * Adds lines to a user's authorized_keys, which keeps those that are there.
 * @throws {TowerError} `conflict` where the user has no home to put them in.
 */
export function addKeys(
  tree: FileTree,
  reader: ContentReader,
  user: User,
  keys: readonly string[],
  mtime: number,
): void {
  putHome(tree, user, mtime);
  const home = homeOf(tree, user);
  if (home.cause !== undefined) throw noKeys(user, home.cause);
  const owned = { uid: user.uid, gid: user.gid, mtime, origin };
  const folder = `${home.path}/.ssh`;
  const path = `${folder}/authorized_keys`;
  for (const [at, type] of [[folder, "directory"], [path, "file"]] as const) {
    const there = tree.get(at);
    if (there && there.type !== type) throw noKeys(user, `"/${at}" is no ${type}`);
  }
  const before = tree.file(path);
  const lines = before ? textOf(reader, before.content, MOST_KEYS).split("\n") : [];
  const all = new Set([...lines.filter((line) => line !== ""), ...keys.map((key) => key.trim())]);
  tree.put({ ...owned, type: "directory", path: folder, mode: 0o700 });
  const content = inlineText([...all].map((line) => `${line}\n`).join(""));
  tree.put({ ...owned, type: "file", path, mode: 0o600, content });
}

/** Where a home is in the tree, or why it is not in it. */
export function homeOf(
  tree: FileTree,
  { home }: User,
): { readonly path: string; readonly cause?: undefined } | { readonly cause: string } {
  const named = home.replace(/\/+$/, "").slice(1);
  if (!home.startsWith("/") || !isCanonical(named)) {
    return { cause: "that is no folder of its own" };
  }
  try {
    // With a part behind it, so that a home which is a link is followed as well.
    const path = placeOf(tree, `${named}/.ssh`).slice(0, -"/.ssh".length);
    if (NO_PLACES.includes(path.split("/")[0]!)) return { cause: "no image keeps what is there" };
    return path === EMPTY ? { cause: "it has to stay empty" } : { path };
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    return { cause: "a file is in the way" };
  }
}

function noKeys({ name, home }: User, cause: string): TowerError {
  return new TowerError(
    "conflict",
    `Cannot give user "${name}" authorized keys: its home is "${home}", and ${cause}`,
    { hint: "give the user a home of its own in the accounts stage" },
  );
}
