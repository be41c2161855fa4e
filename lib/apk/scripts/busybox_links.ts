import { textOf } from "../../tree/content.ts";
import { isCanonical, nameOf, parentOf } from "../../tree/file_tree.ts";
import { type Action, CommandFailure, type ScriptWorld } from "./script_world.ts";

/** Programs that link their applets, and what they do to a link that is there already. */
const PROGRAMS = {
  busybox: { place: "bin/busybox", takesLinks: false },
  "busybox-extras": { place: "bin/busybox-extras", takesLinks: false },
  bbsuid: { place: "bin/bbsuid", takesLinks: true },
} as const;

export type LinkingProgram = keyof typeof PROGRAMS;

/** Names of the lists by program: Alpine ships `bbsuid` in `busybox-suid`. */
const LISTS: Readonly<Record<LinkingProgram, readonly string[]>> = {
  busybox: ["busybox"],
  "busybox-extras": ["busybox-extras"],
  bbsuid: ["busybox-suid", "bbsuid"],
};

/** Whether the tree has the program, and whether it has the list of its applets. */
export function linkingState(
  world: ScriptWorld,
  program: LinkingProgram,
): "absent" | "listed" | "unlisted" {
  if (!world.find(PROGRAMS[program].place)) return "absent";
  return listOf(world, program) === undefined ? "unlisted" : "listed";
}

/**
 * `busybox --install -s`: a link per applet to the program, where nothing is yet. The program is
 * not run: Alpine lists its applets in `/etc/busybox-paths.d/` (busybox 1.36.0-r8 and later).
 * `bbsuid --install` takes over links that are there.
 */
export function installLinks(program: LinkingProgram): Action {
  const { place, takesLinks } = PROGRAMS[program];
  return (world) => {
    const list = listOf(world, program);
    if (list === undefined) throw new CommandFailure(`${program} has no list of applets`);
    let made = 0;
    for (const path of list) {
      const parent = world.find(parentOf(path));
      // Without a directory the real program only complains.
      if (parent?.type !== "directory") continue;
      const link = parent.path === "" ? nameOf(path) : `${parent.path}/${nameOf(path)}`;
      const existing = world.tree.get(link);
      if (existing && !(takesLinks && existing.type === "symlink")) continue;
      world.tree.put({ ...world.base(link, 0o777), type: "symlink", target: `/${place}` });
      made++;
    }
    world.notes.add(`${made} links to /${place}`);
  };
}

function listOf(world: ScriptWorld, program: LinkingProgram): string[] | undefined {
  for (const name of LISTS[program]) {
    const file = world.tree.file(`etc/busybox-paths.d/${name}`);
    if (!file) continue;
    const paths = textOf(world.reader, file.content, 1 << 20).split("\n").filter((l) => l !== "");
    if (paths.every(isCanonical)) return paths;
  }
  return undefined;
}
