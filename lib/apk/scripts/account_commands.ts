import { inlineText, textOf } from "../../tree/content.ts";
import { addGroup, addToGroup, addUser, findUser, type NewUser } from "../../accounts/accounts.ts";
import { isAccountName } from "../../accounts/record.ts";
import { TowerError } from "../../errors.ts";
import { childOf, nameOf, parentOf } from "../../tree/file_tree.ts";
import { filePlace } from "./file_commands.ts";
import { parseOptions } from "./options.ts";
import { CommandFailure } from "../../shell/host.ts";
import { type Action, folderOf, type ScriptWorld } from "./script_world.ts";

/** `addgroup [-S] [-g GID] GROUP` and `addgroup USER GROUP` of busybox. */
export function addgroup(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "g:S", { gid: "g", system: "S" });
  if (!parsed?.rest.every(isAccountName)) return undefined;
  const { options, rest: [first, second, ...more] } = parsed;
  if (first === undefined || more.length > 0) return undefined;
  const gid = idOf(options.get("g"));
  if (gid === "bad") return undefined;
  if (second !== undefined) {
    if (gid !== undefined) return undefined;
    return accountAction(`user ${first} in group ${second}`, (world) => {
      world.accounts = addToGroup(world.accounts, first, second);
    });
  }
  return accountAction(`group ${first}`, (world) => {
    const system = options.has("S");
    const given = gid === undefined ? {} : { gid };
    world.accounts = addGroup(world.accounts, { name: first, system, ...given });
  });
}

const ADDUSER = {
  home: "h",
  gecos: "g",
  shell: "s",
  ingroup: "G",
  "disabled-password": "D",
  "empty-password": "D",
  system: "S",
  "no-create-home": "H",
  uid: "u",
};

/**
 * `adduser -S|-D [-H] [-h DIR] [-s SHELL] [-G GROUP] [-g GECOS] [-u UID] USER` of busybox as
 * Alpine patches it; without -S or -D it would ask for a password.
 */
export function adduser(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "h:g:s:G:DSHu:", ADDUSER);
  if (!parsed?.rest.every(isAccountName)) return undefined;
  const { options, rest: [name, group, ...more] } = parsed;
  if (name === undefined || more.length > 0) return undefined;
  if (group !== undefined) return options.size === 0 ? addgroup([name, group]) : undefined;
  const system = options.has("S");
  const uid = idOf(options.get("u"));
  const inGroup = options.get("G");
  const home = options.get("h") ?? `/home/${name}`;
  const homePath = options.has("H") ? "" : folderOf(home);
  if (!system && !options.has("D") || uid === "bad" || homePath === undefined) return undefined;
  if (inGroup !== undefined && !isAccountName(inGroup)) return undefined;
  return accountAction(`user ${name}`, (world) => {
    const rootShell = world.accounts.users.find((u) => u.uid === 0)?.shell || "/bin/sh";
    const user: NewUser = {
      name,
      system,
      gecos: options.get("g") ?? "Linux User,,,",
      home,
      shell: options.get("s") ?? (system ? "/sbin/nologin" : rootShell),
      epoch: world.epoch,
      ...(uid === undefined ? {} : { uid }),
      ...(inGroup === undefined ? {} : { group: inGroup }),
    };
    world.accounts = addUser(world.accounts, user);
    if (homePath !== "") makeHome(world, homePath, name);
  });
}

/** `add-shell PATH...` of busybox: lines of /etc/shells, each once. */
export function addShell(args: readonly string[]): Action | undefined {
  if (args.length === 0 || !args.every((arg) => /^\/[\w/.+-]+$/.test(arg))) return undefined;
  return (world) => {
    const file = world.find("etc/shells");
    if (file && file.type !== "file") throw new CommandFailure("/etc/shells is no file");
    const lines = file ? textOf(world.reader, file.content, 1 << 16).split("\n") : [];
    const all = new Set([...lines.filter((line) => line !== ""), ...args]);
    const content = inlineText([...all].map((line) => `${line}\n`).join(""));
    const base = world.base(file?.path ?? filePlace(world, "etc/shells"), file?.mode ?? 0o644);
    world.put({ ...base, type: "file", content });
    world.notes.add(`shell ${args.join(", ")}`);
  };
}

/** An action whose refusals are what makes the real program end with status 1. */
function accountAction(note: string, act: Action): Action {
  return (world) => {
    try {
      act(world);
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      throw new CommandFailure(error.message, { cause: error });
    }
    world.notes.add(note);
  };
}

/** A new home gets a copy of /etc/skel; one that is there changes hands. Both become 02755. */
function makeHome(world: ScriptWorld, path: string, name: string): void {
  const { uid, gid } = findUser(world.accounts, name);
  const existing = world.find(path);
  if (existing) {
    if (existing.type === "directory") world.put({ ...existing, uid, gid, mode: 0o2755 });
    return;
  }
  const parent = world.find(parentOf(path));
  // adduser prints that it could not make the home, and succeeds.
  if (parent?.type !== "directory") return;
  const home = childOf(parent.path, nameOf(path));
  const skeleton = world.find("etc/skel");
  world.put({ ...world.base(home, 0o2755), uid, gid, type: "directory" });
  if (skeleton?.type !== "directory") return;
  for (const entry of [...world.tree.walk(skeleton.path)].slice(1)) {
    const copy = home + entry.path.slice(skeleton.path.length);
    if (entry.type === "hardlink") {
      const file = world.tree.get(entry.target);
      if (file) world.put({ ...file, ...owned(world, copy, file.mode, uid, gid) });
    } else world.put({ ...entry, ...owned(world, copy, entry.mode, uid, gid) });
  }
}

function owned(world: ScriptWorld, path: string, mode: number, uid: number, gid: number) {
  return { ...world.base(path, mode), uid, gid };
}

function idOf(text: string | undefined): number | undefined | "bad" {
  if (text === undefined) return undefined;
  return /^\d{1,5}$/.test(text) && Number(text) <= 60000 ? Number(text) : "bad";
}
