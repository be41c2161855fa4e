import { CommandFailure } from "../../shell/host.ts";
import { bytesOf, textOf } from "../../tree/content.ts";
import { childOf, isCanonical, nameOf, parentOf } from "../../tree/file_tree.ts";
import type { Action, ScriptWorld } from "./script_world.ts";

/** Programs that link their applets. */
export type LinkingProgram = "busybox" | "busybox-extras" | "bbsuid";

/** Largest program that is searched for the names of its applets. */
const MAX_PROGRAM = 4 << 20;

/**
 * `busybox --install -s`: a link per applet to the program, where nothing is yet. The program is
 * not run: Alpine lists its applets in `/etc/busybox-paths.d/` (busybox 1.36.0-r8 and later).
 *
 * `bbsuid --install` also takes over links that are there, and has no list but the paths in the
 * program itself (Alpine's bbsuid.c).
 */
export function installLinks(program: LinkingProgram): Action {
  return (world) => {
    const place = ["bin", "usr/bin"].map((folder) => world.find(`${folder}/${program}`)?.path)
      .find((path) => path !== undefined);
    if (place === undefined) throw new CommandFailure(`${program} is missing`);
    const list = program === "bbsuid" ? pathsIn(world, place) : listOf(world, program);
    if (list === undefined) throw new CommandFailure(`${program} has no list of applets`);
    let made = 0;
    for (const path of list) {
      const parent = world.find(parentOf(path));
      // Without a directory the real program only complains.
      if (parent?.type !== "directory") continue;
      const link = childOf(parent.path, nameOf(path));
      const existing = world.tree.get(link);
      // What a later package brings replaces the link: it is there already.
      if (existing && !(program === "bbsuid" && existing.type === "symlink")) continue;
      world.put({ ...world.base(link, 0o777), type: "symlink", target: `/${place}` });
      made++;
    }
    world.notes.add(`${made} links to /${place}`);
  };
}

function listOf(world: ScriptWorld, program: string): string[] | undefined {
  const file = world.tree.file(`etc/busybox-paths.d/${program}`);
  if (!file) return undefined;
  const paths = textOf(world.reader, file.content, 1 << 20).split("\n").filter((l) => l !== "");
  return paths.every(isCanonical) ? paths : undefined;
}

/**
 * The applets' paths among the strings of bbsuid: all that lie where programs lie, but for its own
 * and that of the busybox which it starts.
 */
function pathsIn(world: ScriptWorld, place: string): string[] | undefined {
  const file = world.tree.file(place);
  if (!file) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(world.reader, file.content, MAX_PROGRAM);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const isElf = [0x7f, 0x45, 0x4c, 0x46].every((byte, i) => bytes[i] === byte);
  const text = new TextDecoder("latin1").decode(bytes);
  const found = text.matchAll(/(?<=\0)\/((?:usr\/)?s?bin\/[a-z0-9_.-]+)(?=\0)/g);
  const paths = [...new Set([...found].map((match) => match[1]!))]
    .filter((path) => !/\/(?:busybox|bbsuid)$/.test(path));
  return isElf && paths.length > 0 ? paths : undefined;
}
