import { readAccounts, writeAccounts } from "../../lib/accounts/account_files.ts";
import {
  addGroup,
  addToGroup,
  addUser,
  findGroup,
  findUser,
  lock,
  setPassword,
} from "../../lib/accounts/accounts.ts";
import type { Accounts, User } from "../../lib/accounts/files.ts";
import { TowerError } from "../../lib/errors.ts";
import type { AccountsSpec } from "../manifest/schema.ts";
import { addKeys, putHome } from "./homes.ts";
import type { Stage } from "./stage.ts";

type UserSpec = AccountsSpec["users"][number];

const origin = "stage:accounts" as const;

/** Makes groups and users, or changes those that packages made; adds authorized keys. */
export const accounts: Stage<AccountsSpec> = (tree, plan, { reader, epoch }) => {
  const before = readAccounts(tree, reader);
  let after = before;
  for (const group of plan.groups) after = withGroup(after, group);
  for (const spec of plan.users) after = withUser(after, spec, epoch);
  writeAccounts(tree, before, after, { origin, mtime: epoch });
  for (const spec of plan.users) {
    const user = findUser(after, spec.name);
    const isNew = !before.users.some((u) => u.name === spec.name);
    if (isNew || spec.home !== undefined) putHome(tree, user, epoch);
    if (spec.authorizedKeys.length > 0) addKeys(tree, reader, user, spec.authorizedKeys, epoch);
  }
};

function withGroup(accounts: Accounts, { name, gid }: AccountsSpec["groups"][number]): Accounts {
  const there = accounts.groups.find((g) => g.name === name);
  if (there === undefined) {
    return addGroup(accounts, { name, system: false, ...(gid === undefined ? {} : { gid }) });
  }
  if (gid !== undefined && gid !== there.gid) {
    throw hasOther(`group "${name}" id ${gid}`, there.gid);
  }
  return accounts;
}

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
  const { password = "none" } = spec;
  const hash = password === "none" || password === "locked" ? "*" : password;
  after = setPassword(after, spec.name, hash, epoch);
  return password === "locked" ? lock(after, spec.name, epoch) : after;
}

/** A user that is there keeps its ids, which files have too; home, shell and comment may change. */
function changed(accounts: Accounts, spec: UserSpec): Accounts {
  const user = findUser(accounts, spec.name);
  if (spec.uid !== undefined && spec.uid !== user.uid) {
    throw hasOther(`user "${spec.name}" id ${spec.uid}`, user.uid);
  }
  if (spec.group !== undefined && findGroup(accounts, spec.group).gid !== user.gid) {
    const group = accounts.groups.find((g) => g.gid === user.gid)?.name ?? `id ${user.gid}`;
    throw new TowerError(
      "conflict",
      `Cannot give user "${spec.name}" the primary group "${spec.group}": it has ${group} already`,
      { hint: "groups adds it to further groups" },
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

function hasOther(what: string, id: number): TowerError {
  return new TowerError("conflict", `Cannot give ${what}: a package or stage gave it ${id}`);
}
