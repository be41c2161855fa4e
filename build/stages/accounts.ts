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
import { atField, type FieldPath, TowerError } from "../../lib/errors.ts";
import { z } from "zod";
import { count } from "../../lib/report/quantity.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { once } from "../../lib/schema/lists.ts";
import { cryptHash, line, numericId, treePath } from "../../lib/schema/scalars.ts";
import { authorizedKeyFault } from "../../lib/ssh_signature/authorized_key.ts";
import { addKeys, putHome } from "./homes.ts";
import { inheritPasswords } from "./passwords.ts";
import { type Stage, stageKind } from "./stage.ts";

const accountName = z.string().regex(
  /^[a-z_][a-z0-9_-]{0,31}$/,
  "must be 1 to 32 of a-z, 0-9, _ and -, and start with a letter or _",
);

/** A line that sshd would pass over in silence lets nobody in: it is told here. */
const authorizedKey = line.superRefine((text, context) => {
  const message = authorizedKeyFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const spec = z.strictObject({
  kind: z.literal("accounts"),
  ...forArches,
  groups: z.array(z.strictObject({ name: accountName, gid: numericId.optional() }))
    .superRefine(once("name")).default([]),
  users: z.array(
    z.strictObject({
      name: accountName,
      uid: numericId.optional(),
      group: accountName.optional().describe("Primary group; by default one of the user's name."),
      groups: z.array(accountName).default([]),
      home: treePath.optional(),
      shell: treePath.optional(),
      comment: line.optional(),
      password: z.union([
        z.enum(["none", "locked"]),
        cryptHash,
      ]).optional().describe(
        "A crypt(5) hash; none: no password fits but keys do; locked: sshd refuses keys as well. " +
          "By default as a stage before says, else none.",
      ),
      authorizedKeys: z.array(authorizedKey).default([]).describe(
        "Lines as sshd reads them: options, type, key, comment; added to the home's " +
          ".ssh/authorized_keys.",
      ),
    }).refine((user) => user.password !== "locked" || user.authorizedKeys.length === 0, {
      path: ["authorizedKeys"],
      message:
        "let nobody in: sshd refuses the keys of a locked account; password: none takes them",
    }),
  ).superRefine(once("name")).default([]),
}).describe("Makes users and groups, or changes those that packages made.");

export type AccountsPlan = z.infer<typeof spec>;
type UserSpec = AccountsPlan["users"][number];

const origin = "stage:accounts" as const;

/** Makes groups and users, or changes those that packages made; adds authorized keys. */
const apply: Stage<AccountsPlan> = (tree, plan, { reader, epoch }) => {
  const before = readAccounts(tree, reader);
  let after = before;
  for (const [i, group] of plan.groups.entries()) {
    const field = group.gid === undefined ? "name" : "gid";
    after = atField(["groups", i, field], () => withGroup(after, group));
  }
  for (const [i, spec] of plan.users.entries()) {
    after = atField(["users", i], () => withUser(after, spec, epoch));
  }
  writeAccounts(tree, before, after, { origin, mtime: epoch });
  for (const [i, spec] of plan.users.entries()) {
    const user = findUser(after, spec.name);
    const isNew = !before.users.some((u) => u.name === spec.name);
    if (isNew || spec.home !== undefined) {
      atField(["users", i, "home"], () => putHome(tree, user, epoch));
    }
    if (spec.authorizedKeys.length === 0) continue;
    const field = spec.home === undefined ? "authorizedKeys" : "home";
    atField(["users", i, field], () => addKeys(tree, reader, user, spec.authorizedKeys, epoch));
  }
};

function withGroup(accounts: Accounts, { name, gid }: AccountsPlan["groups"][number]): Accounts {
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
    : added(before, spec, epoch);
  for (const [i, group] of spec.groups.entries()) {
    after = atField(["groups", i], () => addToGroup(after, spec.name, group));
  }
  // sshd takes "!" for a locked account and refuses its keys too; "*" only fits no password.
  const { password = "none" } = spec;
  const hash = password === "none" || password === "locked" ? "*" : password;
  after = atField(["password"], () => setPassword(after, spec.name, hash, epoch));
  return password === "locked" ? lock(after, spec.name, epoch) : after;
}

function added(accounts: Accounts, spec: UserSpec, epoch: number): Accounts {
  const { name, uid, group, comment, home, shell } = spec;
  if (group !== undefined) atField(["group"], () => findGroup(accounts, group));
  return atField([uid === undefined ? "name" : "uid"], () =>
    addUser(accounts, {
      name,
      system: false,
      ...(uid === undefined ? {} : { uid }),
      ...(group === undefined ? {} : { group }),
      gecos: comment ?? "",
      home: `/${home ?? `home/${name}`}`,
      shell: `/${shell ?? "bin/sh"}`,
      epoch,
    }));
}

/** A user that is there keeps its ids, which files have too; home, shell and comment may change. */
function changed(accounts: Accounts, spec: UserSpec): Accounts {
  const user = findUser(accounts, spec.name);
  if (spec.uid !== undefined && spec.uid !== user.uid) {
    throw hasOther(`user "${spec.name}" id ${spec.uid}`, user.uid, ["uid"]);
  }
  const { group: wanted } = spec;
  if (
    wanted !== undefined &&
    atField(["group"], () => findGroup(accounts, wanted)).gid !== user.gid
  ) {
    const group = accounts.groups.find((g) => g.gid === user.gid)?.name ?? `id ${user.gid}`;
    throw new TowerError(
      "conflict",
      `Cannot give user "${spec.name}" the primary group "${wanted}": it has ${group} already`,
      { at: ["group"], hint: "groups adds it to further groups" },
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

function hasOther(what: string, id: number, at: FieldPath = []): TowerError {
  return new TowerError("conflict", `Cannot give ${what}: a package or stage gave it ${id}`, {
    at,
  });
}

export const accounts = stageKind({
  spec,
  plan: (spec, { earlier }): AccountsPlan => inheritPasswords(spec, earlier),
  line: ({ groups, users }) =>
    [
      ...groups.map(({ name }) => `group ${name}`),
      ...users.map(({ name, authorizedKeys: keys }) =>
        keys.length > 0 ? `${name} with ${count(keys.length, "key")}` : name
      ),
    ].join(", ") || "none",
  apply,
});
