import { readAccounts, writeAccounts } from "../../lib/accounts/account_files.ts";
import {
  addGroup,
  addToGroup,
  addUser,
  findUser,
  lock,
  setPassword,
} from "../../lib/accounts/accounts.ts";
import type { Accounts, User } from "../../lib/accounts/files.ts";
import { TowerError } from "../../lib/errors.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { AccountsSpec } from "../manifest/schema.ts";
import type { Stage } from "./stage.ts";

type UserSpec = AccountsSpec["users"][number];

const origin = "stage:accounts" as const;

/** Makes groups and users, or changes those that packages made; writes authorized keys. */
export const accounts: Stage<AccountsSpec> = (tree, plan, { reader, epoch }) => {
  const before = readAccounts(tree, reader);
  let after = before;
  for (const { name, gid } of plan.groups) {
    if (after.groups.some((g) => g.name === name)) continue;
    after = addGroup(after, { name, system: false, ...(gid === undefined ? {} : { gid }) });
  }
  for (const spec of plan.users) after = withUser(after, spec, epoch);
  writeAccounts(tree, before, after, { origin, mtime: epoch });
  for (const spec of plan.users) {
    const user = findUser(after, spec.name);
    putHome(tree, user, epoch);
    if (spec.authorizedKeys.length > 0) putKeys(tree, user, spec.authorizedKeys, epoch);
  }
};

function withUser(before: Accounts, spec: UserSpec, epoch: number): Accounts {
  let after = before.users.some((u) => u.name === spec.name)
    ? changed(before, spec)
    : addUser(before, {
      name: spec.name,
      system: false,
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.group === undefined ? {} : { group: spec.group }),
      gecos: spec.comment ?? "",
      home: `/${spec.home ?? `home/${spec.name}`}`,
      shell: `/${spec.shell ?? "bin/sh"}`,
      epoch,
    });
  for (const group of spec.groups) after = addToGroup(after, spec.name, group);
  // sshd takes "!" for a locked account and refuses its keys too; "*" only fits no password.
  const hash = spec.password === "none" || spec.password === "locked" ? "*" : spec.password;
  after = setPassword(after, spec.name, hash, epoch);
  return spec.password === "locked" ? lock(after, spec.name, epoch) : after;
}

/** A user that a package made keeps its ids; home, shell and comment may change. */
function changed(accounts: Accounts, spec: UserSpec): Accounts {
  const user = findUser(accounts, spec.name);
  if (spec.uid !== undefined && spec.uid !== user.uid) {
    throw new TowerError(
      "conflict",
      `Cannot give user "${spec.name}" id ${spec.uid}: a package made it with id ${user.uid}`,
    );
  }
  const next: User = {
    ...user,
    gecos: spec.comment ?? user.gecos,
    home: spec.home === undefined ? user.home : `/${spec.home}`,
    shell: spec.shell === undefined ? user.shell : `/${spec.shell}`,
  };
  return { ...accounts, users: accounts.users.map((u) => u === user ? next : u) };
}

function putHome(tree: FileTree, user: User, mtime: number): void {
  const path = user.home.slice(1);
  if (path === "" || tree.get(tree.resolve(path) ?? path)) return;
  tree.putParents(path, origin, mtime);
  const { uid, gid } = user;
  tree.put({ type: "directory", path, mode: 0o700, uid, gid, mtime, origin });
}

function putKeys(tree: FileTree, user: User, keys: readonly string[], mtime: number): void {
  const { uid, gid } = user;
  const owned = { uid, gid, mtime, origin };
  const folder = `${user.home.slice(1)}/.ssh`;
  const text = keys.map((key) => key.trim() + "\n").join("");
  tree.put({ ...owned, type: "directory", path: folder, mode: 0o700 });
  tree.put({
    ...owned,
    type: "file",
    path: `${folder}/authorized_keys`,
    mode: 0o600,
    content: inlineText(text),
  });
}
