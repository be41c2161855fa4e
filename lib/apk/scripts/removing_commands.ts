import { CommandFailure, NotUnderstood } from "../../shell/host.ts";
import { nameOf } from "../../tree/file_tree.ts";
import { newPlace } from "./file_commands.ts";
import { parseOptions } from "./options.ts";
import type { Entry } from "../../tree/entry.ts";
import { type Action, pathsOf, type ScriptWorld } from "./script_world.ts";

/** `rm [-f] [-r] PATH...` */
export function rm(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "frR");
  if (!parsed) return undefined;
  const force = parsed.options.has("f");
  if (force && parsed.rest.length === 0) return () => {};
  const paths = pathsOf(parsed.rest);
  if (!paths) return undefined;
  const recursive = parsed.options.has("r") || parsed.options.has("R");
  return (world) => {
    for (const path of paths) {
      const entry = world.lookAt(path);
      if (entry === undefined) {
        if (force) continue;
        throw new CommandFailure(`/${path} is missing`);
      }
      if (entry.type === "directory" && !recursive) {
        throw new CommandFailure(`/${path} is a folder`);
      }
      const all = [...world.tree.walk(entry.path)];
      refuseLater(world, all);
      for (const below of all.reverse()) world.remove(below.path);
      world.notes.add(`no /${path}`);
    }
  };
}

/** `rmdir PATH...` */
export function rmdir(args: readonly string[]): Action | undefined {
  const paths = pathsOf(args);
  if (!paths || args.some((arg) => arg.startsWith("-"))) return undefined;
  return (world) => {
    for (const path of paths) {
      const entry = world.lookAt(path);
      if (entry?.type !== "directory") throw new CommandFailure(`/${path} is no folder`);
      const inside = world.tree.children(entry.path);
      if (!inside.every((e) => world.isLater(e))) throw new CommandFailure(`/${path} is not empty`);
      refuseLater(world, inside);
      world.remove(entry.path);
      world.notes.add(`no /${path}`);
    }
  };
}

/** What goes now, and what comes into it later, has no order that a tree could show. */
function refuseLater(world: ScriptWorld, entries: readonly Entry[]): void {
  const later = entries.find((entry) => world.isLater(entry));
  if (later) throw new NotUnderstood(`removal around /${later.path}, which comes later`);
}

/** `mv [-f] FILE PLACE`; folders are not moved. */
export function move(args: readonly string[]): Action | undefined {
  const parsed = parseOptions(args, "f");
  const paths = parsed && pathsOf(parsed.rest);
  if (!paths || paths.length !== 2) return undefined;
  const [from, to] = paths as [string, string];
  return (world) => {
    const entry = world.lookAt(from);
    if (entry === undefined) throw new CommandFailure(`/${from} is missing`);
    const inside = world.find(to)?.type === "directory";
    const place = newPlace(world, inside ? `${to}/${nameOf(from)}` : to);
    if (entry.type === "directory" || entry.type === "hardlink") {
      throw new NotUnderstood(`mv of /${from}, which is no plain file`);
    }
    if (world.tree.get(place)?.type === "directory") {
      throw new NotUnderstood(`mv onto /${place}, which is a folder`);
    }
    world.remove(entry.path);
    world.put({ ...entry, path: place });
    world.notes.add(`/${to} from /${from}`);
  };
}
