import { readAccounts } from "../../lib/accounts/account_files.ts";
import type { User } from "../../lib/accounts/files.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import { sizeOf } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { homeOf } from "./homes.ts";

/**
 * A warning where a manifest has users that keys or passwords shall let in and that nobody
 * can be: their shell is missing, or nobody at all has a key or password. Undefined where somebody
 * can, and where every user is locked: then the manifest means it.
 */
export function loginWarning(
  users: readonly { readonly name: string; readonly password?: string | undefined }[],
  tree: FileTree,
  reader: ContentReader,
): string | undefined {
  if (users.every(({ password }) => password === "locked")) return undefined;
  const able = ableUsers(tree, reader);
  const shut = able.filter((user) =>
    !hasShell(tree, user) && users.some(({ name }) => name === user.name)
  );
  if (shut.length > 0) {
    const named = shut.map(({ name, shell }) => `"${name}" has the shell "${shell}"`).join(", ");
    return `sshd and login refuse users whose shell is missing: ${named}, which the image lacks`;
  }
  if (able.some((user) => hasShell(tree, user))) return undefined;
  return "nobody can log in: no user has a password or an authorized key; an accounts stage gives them";
}

/** An empty field stands for /bin/sh (passwd(5)). */
function hasShell(tree: FileTree, { shell }: User): boolean {
  return tree.file((shell || "/bin/sh").replace(/^\/+/, "")) !== undefined;
}

/** Those whom a password or a key lets in, if they have a shell. */
function ableUsers(tree: FileTree, reader: ContentReader): User[] {
  const { users, shadow } = readAccounts(tree, reader);
  return users.filter((user) => {
    if (/\/(nologin|false|sync|halt|shutdown)$/.test(user.shell)) return false;
    const hash = user.password === "x"
      ? shadow.find(({ name }) => name === user.name)?.hash ?? "!"
      : user.password;
    if (!/^[!*]/.test(hash)) return true;
    const home = homeOf(tree, user);
    const keys = home.cause === undefined && tree.file(`${home.path}/.ssh/authorized_keys`);
    return !hash.startsWith("!") && keys && sizeOf(keys.content) > 0;
  });
}
