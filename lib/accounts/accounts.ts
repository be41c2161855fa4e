import { printable, TowerError } from "../errors.ts";
import type { Accounts, Group, ShadowEntry, User } from "./files.ts";
import { requireField, requireId, requireName } from "./record.ts";

/** Ids that are handed out (busybox' FIRST_SYSTEM_ID, LAST_SYSTEM_ID and LAST_ID). */
const SYSTEM_IDS = { first: 100, last: 999 };
const NORMAL_IDS = { first: 1000, last: 60000 };

export interface NewGroup {
  readonly name: string;
  readonly system: boolean;
  /** A given id; without it the lowest free one of its range. */
  readonly gid?: number;
}

export interface NewUser {
  readonly name: string;
  readonly system: boolean;
  readonly uid?: number;
  /** An existing group. Without it a system user gets `nogroup`, a normal one a group of its own. */
  readonly group?: string;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  /** Seconds since 1970 that the day of the last password change comes from. */
  readonly epoch: number;
}

/**
 * Adds a group as busybox' `addgroup` does.
 * @throws {TowerError} `conflict` when name or id is taken, `limit` when no id is left,
 * `malformed` for a name that may not be one.
 */
export function addGroup(accounts: Accounts, group: NewGroup): Accounts {
  const name = requireName("group", group.name);
  if (accounts.groups.some((g) => g.name === name)) throw inUse("group", name);
  const taken = new Set(accounts.groups.map((g) => g.gid));
  const gid = group.gid === undefined
    ? firstFree("group", name, group.system, (id) => taken.has(id))
    : requireId("group id", group.gid);
  if (taken.has(gid)) throw inUse("group id", `${gid}`);
  const added: Group = { name, password: "x", gid, members: [] };
  return { ...accounts, groups: [...accounts.groups, added] };
}

/**
 * Adds a user with a locked password as busybox' `adduser -D` does: the user becomes a named
 * member of its primary group, and no home is made.
 *
 * @throws {TowerError} `conflict` when name or id is taken, `not-found` when the group is
 * missing, `limit` when no id is left, `malformed` for a value that may not stand in the files.
 */
export function addUser(accounts: Accounts, user: NewUser): Accounts {
  const name = requireName("user", user.name);
  if (accounts.users.some((u) => u.name === name)) throw inUse("user", name);
  const groupName = user.group ?? (user.system ? "nogroup" : undefined);
  const group = groupName === undefined ? undefined : findGroup(accounts, groupName);
  const uid = newUid(accounts, user, group === undefined);
  const grouped = group === undefined
    ? addGroup(accounts, { name, system: user.system, gid: uid })
    : accounts;
  const added: User = {
    name,
    password: "x",
    uid,
    gid: group?.gid ?? uid,
    gecos: requireField("name", user.gecos),
    home: requireField("home", user.home),
    shell: requireField("shell", user.shell),
  };
  const withUser: Accounts = {
    groups: grouped.groups,
    users: [...accounts.users, added],
    shadow: accounts.shadow.some((e) => e.name === name)
      ? accounts.shadow
      : [...accounts.shadow, newShadow(name, user.epoch)],
  };
  return group === undefined ? withUser : addToGroup(withUser, name, group.name);
}

/**
 * Makes a user a member of a group; a member stays one.
 * @throws {TowerError} `not-found` when either is missing.
 */
export function addToGroup(accounts: Accounts, user: string, group: string): Accounts {
  findUser(accounts, user);
  const found = findGroup(accounts, group);
  if (found.members.includes(user)) return accounts;
  const groups = accounts.groups.map((g) =>
    g === found ? { ...g, members: [...g.members, user] } : g
  );
  return { ...accounts, groups };
}

/**
 * Sets a password by its crypt(5) hash; `*` and `!` let no password in.
 * @throws {TowerError} `not-found` without such a user, `malformed` when it is no hash (an empty
 * one, which would let anybody in, is none).
 */
export function setPassword(
  accounts: Accounts,
  user: string,
  hash: string,
  epoch: number,
): Accounts {
  if (!/^(\*|!{1,2}|!?\$[0-9a-z-]{1,16}\$[\x21-\x39\x3b-\x7e]{1,500})$/.test(hash)) {
    throw new TowerError(
      "malformed",
      `Cannot set the password of "${printable(user)}": the value is no crypt(5) hash`,
      { hint: "Make one with `openssl passwd -6`" },
    );
  }
  // Day 0 would mean "must be changed at the next login" (shadow(5)).
  const lastChange = Math.max(1, dayOf(epoch));
  return changeShadow(accounts, user, epoch, (entry) => ({ ...entry, hash, lastChange }));
}

/**
 * Locks a password: `!` in front, what was there stays behind it. Locked stays locked.
 * @throws {TowerError} `not-found` without such a user.
 */
export function lock(accounts: Accounts, user: string, epoch: number): Accounts {
  return changeShadow(
    accounts,
    user,
    epoch,
    (entry) => entry.hash.startsWith("!") ? entry : { ...entry, hash: `!${entry.hash}` },
  );
}

/** @throws {TowerError} `not-found` */
export function findUser(accounts: Accounts, name: string): User {
  const user = accounts.users.find((u) => u.name === name);
  if (user) return user;
  throw new TowerError("not-found", `Cannot find user "${printable(name)}": it is not there`);
}

/** @throws {TowerError} `not-found` */
export function findGroup(accounts: Accounts, name: string): Group {
  const group = accounts.groups.find((g) => g.name === name);
  if (group) return group;
  throw new TowerError("not-found", `Cannot find group "${printable(name)}": it is not there`);
}

function changeShadow(
  accounts: Accounts,
  user: string,
  epoch: number,
  change: (entry: ShadowEntry) => ShadowEntry,
): Accounts {
  findUser(accounts, user);
  const entries = accounts.shadow.some((e) => e.name === user)
    ? accounts.shadow
    : [...accounts.shadow, newShadow(user, epoch)];
  const users = accounts.users.map((u) => u.name === user ? { ...u, password: "x" } : u);
  return { ...accounts, users, shadow: entries.map((e) => e.name === user ? change(e) : e) };
}

function newUid(accounts: Accounts, user: NewUser, ownGroup: boolean): number {
  const uids = new Set(accounts.users.map((u) => u.uid));
  const gids = new Set(ownGroup ? accounts.groups.map((g) => g.gid) : []);
  if (user.uid === undefined) {
    return firstFree("user", user.name, user.system, (id) => uids.has(id) || gids.has(id));
  }
  const uid = requireId("user id", user.uid);
  if (uids.has(uid) || gids.has(uid)) throw inUse("user id", `${uid}`);
  return uid;
}

function firstFree(
  kind: string,
  name: string,
  system: boolean,
  taken: (id: number) => boolean,
): number {
  const { first, last } = system ? SYSTEM_IDS : NORMAL_IDS;
  for (let id = first; id <= last; id++) if (!taken(id)) return id;
  throw new TowerError(
    "limit",
    `Cannot add ${kind} "${name}": no id from ${first} to ${last} is free`,
  );
}

function newShadow(name: string, epoch: number): ShadowEntry {
  return {
    name,
    hash: "!",
    lastChange: dayOf(epoch),
    minimumAge: 0,
    maximumAge: 99999,
    warning: 7,
    inactivity: undefined,
    expires: undefined,
    reserved: "",
  };
}

function dayOf(epoch: number): number {
  return Math.floor(epoch / 86400);
}

function inUse(kind: string, value: string): TowerError {
  return new TowerError("conflict", `Cannot add ${kind} "${value}": it is in use`);
}
