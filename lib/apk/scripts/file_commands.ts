import { inlineText } from "../../tree/content.ts";
import type { Entry } from "../../tree/entry.ts";
import { childOf, nameOf, parentOf } from "../../tree/file_tree.ts";
import { parseMode, parseOctal } from "./file_mode.ts";
import { parseOptions } from "./options.ts";
import { CommandFailure, NotUnderstood } from "../../shell/host.ts";
import { type Action, folderOf, pathOf, pathsOf, type ScriptWorld } from "./script_world.ts";

interface Owner {
  readonly user?: string;
  readonly group?: string;
}

/** `chown [-R] [-h] USER[:GROUP] PATH...` */
export function chown(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "Rh");
  const [spec, ...rest] = parsed?.rest ?? [];
  const match = /^([A-Za-z0-9_.-]+\$?)?(?::([A-Za-z0-9_.-]+\$?)?)?$/.exec(spec ?? "");
  if (!parsed || !match || spec === "" || spec === ":") return undefined;
  const owner = {
    ...(match[1] === undefined ? {} : { user: match[1] }),
    ...(match[2] === undefined ? {} : { group: match[2] }),
  };
  return changeOwner(owner, rest, parsed.options);
}

/** `chgrp [-R] [-h] GROUP PATH...` */
export function chgrp(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "Rh");
  const [group, ...rest] = parsed?.rest ?? [];
  if (!parsed || group === undefined || !/^[A-Za-z0-9_.-]+\$?$/.test(group)) return undefined;
  return changeOwner({ group }, rest, parsed.options);
}

function changeOwner(
  owner: Owner,
  args: readonly string[],
  options: ReadonlyMap<string, string>,
): Action | undefined {
  const paths = pathsOf(args, folderOf);
  if (!paths) return undefined;
  return (world) => {
    requireFolders(world, args);
    const ids = idsOf(world, owner);
    for (const path of paths) {
      for (const entry of targets(world, path, options.has("R"), options.has("h"))) {
        world.put(chowned(entry, ids));
      }
      world.notes.add(`owner of /${path}`);
    }
  };
}

/** A slash at the end follows a link and refuses a file: only before a folder it changes nothing. */
function requireFolders(world: ScriptWorld, args: readonly string[]): void {
  for (const arg of args.filter((a) => a.endsWith("/"))) {
    if (world.lookAt(folderOf(arg)!)?.type !== "directory") throw new NotUnderstood(`path ${arg}`);
  }
}

/** `chmod [-R] MODE PATH...` */
export function chmod(args: readonly string[]): Action | undefined {
  const recursive = args[0] === "-R";
  const [text, ...rest] = args.slice(recursive ? 1 : 0);
  const change = parseMode(text ?? "");
  const paths = pathsOf(rest, folderOf);
  if (!change || !paths || rest.some((arg) => arg.startsWith("-"))) return undefined;
  return (world) => {
    requireFolders(world, rest);
    for (const path of paths) {
      for (const entry of targets(world, path, recursive, false)) {
        if (entry.type !== "symlink") world.put({ ...entry, mode: change(entry.mode) });
      }
      world.notes.add(`mode of /${path}`);
    }
  };
}

/** `mkdir [-p] [-m MODE] PATH...` */
export function mkdir(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "pm:", { parents: "p", mode: "m" });
  const paths = parsed && pathsOf(parsed.rest, folderOf);
  const mode = parseOctal(parsed?.options.get("m") ?? "755");
  if (!parsed || !paths || mode === undefined) return undefined;
  const parents = parsed.options.has("p");
  return (world) => {
    for (const path of paths) {
      if (!world.find(path)) makeDirectory(world, path, mode, parents);
      else if (!parents || world.find(path)?.type !== "directory") {
        throw new CommandFailure(`/${path} exists`);
      }
      world.notes.add(`directory /${path}`);
    }
  };
}

/**
 * `install -d [-m MODE] [-o USER] [-g GROUP] PATH...`: owner and mode hold for old ones too.
 * `install [-m MODE] [-o USER] [-g GROUP] FILE PLACE` copies a file.
 */
export function install(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "dm:o:g:");
  const paths = parsed && pathsOf(parsed.rest, parsed.options.has("d") ? folderOf : pathOf);
  const mode = parseOctal(parsed?.options.get("m") ?? "755");
  if (!paths || mode === undefined) return undefined;
  const user = parsed.options.get("o"), group = parsed.options.get("g");
  const owner = {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  };
  if (!parsed.options.has("d")) return installFile(paths, mode, owner);
  return (world) => {
    const ids = idsOf(world, owner);
    for (const path of paths) {
      if (!world.find(path)) makeDirectory(world, path, mode, true);
      const entry = world.find(path);
      if (entry?.type !== "directory") throw new CommandFailure(`/${path} is no directory`);
      world.put({ ...entry, ...ids, mode });
      world.notes.add(`directory /${path}`);
    }
  };
}

function installFile(paths: readonly string[], mode: number, owner: Owner): Action | undefined {
  const [from, to, ...more] = paths;
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  return (world) => {
    const file = world.find(from);
    if (file?.type !== "file") throw new CommandFailure(`/${from} is no file`);
    const inside = world.find(to)?.type === "directory";
    const place = newPlace(world, inside ? `${to}/${nameOf(from)}` : to);
    if (world.tree.get(place)?.type === "directory") throw new CommandFailure(`/${place} exists`);
    const base = { ...world.base(place, mode), ...idsOf(world, owner) };
    world.put({ ...base, type: "file", content: file.content });
    world.notes.add(`file /${place}`);
  };
}

/** `touch PATH...` */
export function touch(args: readonly string[]): Action | undefined {
  const paths = pathsOf(args);
  if (!paths || args.some((arg) => arg.startsWith("-"))) return undefined;
  return (world) => {
    for (const path of paths) {
      const existing = world.find(path);
      if (existing) world.put({ ...existing, mtime: world.epoch });
      else {
        const place = filePlace(world, path);
        world.put({ ...world.base(place, 0o644), type: "file", content: inlineText("") });
      }
      world.notes.add(`file /${path}`);
    }
  };
}

/** `ln -s [-f] [-n] TARGET PATH` */
export function ln(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "sfn");
  const [target, link, ...more] = parsed?.rest ?? [];
  if (!parsed?.options.has("s") || link === undefined || more.length > 0) return undefined;
  const path = pathOf(link);
  if (path === undefined || !target) return undefined;
  return (world) => {
    const reached = parsed.options.has("n") ? world.tree.get(path) : world.find(path);
    const inside = reached?.type === "directory";
    const place = newPlace(world, inside ? `${path}/${nameOf(target)}` : path);
    const existing = world.tree.get(place);
    if (existing && (!parsed.options.has("f") || existing.type === "directory")) {
      throw new CommandFailure(`/${place} exists`);
    }
    world.put({ ...world.base(place, 0o777), type: "symlink", target });
    world.notes.add(`link /${place}`);
  };
}

/** Makes a directory, with those above it where `parents` says so. */
export function makeDirectory(
  world: ScriptWorld,
  path: string,
  mode: number,
  parents: boolean,
): void {
  const parent = parentOf(path);
  if (parents && parent !== "" && !world.find(parent)) makeDirectory(world, parent, 0o755, true);
  const place = newPlace(world, path);
  if (world.tree.get(place)?.type === "symlink") throw new CommandFailure(`/${path} is a link`);
  world.put({ ...world.base(place, mode), type: "directory" });
}

/** Where a new file goes: behind the links that are at its path already. */
export function filePlace(world: ScriptWorld, path: string): string {
  const place = world.tree.resolve(path);
  if (place === undefined) throw new CommandFailure(`/${path} is in no directory`);
  return newPlace(world, place);
}

/** Where a new entry goes, links to its directory followed. */
export function newPlace(world: ScriptWorld, path: string): string {
  const parent = world.find(parentOf(path));
  if (parent?.type !== "directory") throw new CommandFailure(`/${parentOf(path)} is no directory`);
  // What is made there gets the folder's group, and folders the bit (mkdir(2)).
  if ((parent.mode & 0o2000) !== 0) throw new NotUnderstood(`/${path} in a folder with setgid`);
  return childOf(parent.path, nameOf(path));
}

/** The entries a command works on; one that is missing makes it fail. */
function targets(world: ScriptWorld, path: string, recursive: boolean, links: boolean): Entry[] {
  const place = world.tree.resolve(parentOf(path));
  const named = place === undefined ? undefined : world.tree.get(childOf(place, nameOf(path)));
  // With -R, as with -h, busybox changes links themselves and does not walk through them.
  const link = named?.type === "symlink" && !world.isLater(named) ? named : undefined;
  const top = (recursive || links) && link ? link : world.find(path);
  if (!top) throw new CommandFailure(`/${path} is missing`);
  if (!recursive || top.type !== "directory") return [top];
  return [...world.tree.walk(top.path)].filter((e) => !world.isLater(e)).map((entry) =>
    entry.type === "hardlink" ? world.tree.get(entry.target) ?? entry : entry
  );
}

function idsOf(world: ScriptWorld, owner: Owner): { uid?: number; gid?: number } {
  const id = (name: string, known: number | undefined): number => {
    if (known !== undefined) return known;
    if (/^\d{1,9}$/.test(name)) return Number(name);
    throw new CommandFailure(`${name} is unknown`);
  };
  const { users, groups } = world.accounts;
  const { user, group } = owner;
  return {
    ...(user === undefined ? {} : { uid: id(user, users.find((u) => u.name === user)?.uid) }),
    ...(group === undefined ? {} : { gid: id(group, groups.find((g) => g.name === group)?.gid) }),
  };
}

/** Linux takes setuid, setgid and capabilities off a file that changes hands, even for root. */
function chowned(entry: Entry, ids: { uid?: number; gid?: number }): Entry {
  if (entry.type !== "file") return { ...entry, ...ids };
  const drop = 0o4000 | (entry.mode & 0o010 ? 0o2000 : 0);
  const { xattrs, ...rest } = entry;
  const kept = new Map([...xattrs ?? []].filter(([name]) => name !== "security.capability"));
  return {
    ...rest,
    ...ids,
    mode: entry.mode & ~drop,
    ...(kept.size > 0 ? { xattrs: kept } : {}),
  };
}
