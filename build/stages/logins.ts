import { readAccounts } from "../../lib/accounts/account_files.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import { sizeOf } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { homeOf } from "./homes.ts";

/**
 * A warning where a disk's manifest has users that keys or passwords shall let in and gives none,
 * so that nobody can use the system. Undefined where somebody can, and where every user is locked:
 * then the manifest means it.
 */
export function loginWarning(
  { stages, outputs }: Pick<BuildPlan, "stages" | "outputs">,
  tree: FileTree,
  reader: ContentReader,
): string | undefined {
  const users = stages.flatMap((stage) => stage.kind === "accounts" ? stage.users : []);
  if (users.every(({ password }) => password === "locked")) return undefined;
  if (outputs.every(({ kind }) => kind !== "disk") || canLogIn(tree, reader)) return undefined;
  return "nobody can log in: no user has a password or an authorized key; an accounts stage gives them";
}

function canLogIn(tree: FileTree, reader: ContentReader): boolean {
  const { users, shadow } = readAccounts(tree, reader);
  return users.some((user) => {
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
