import { CommandFailure, type Io, NotUnderstood, type ShellHost } from "../../shell/host.ts";
import { inlineText } from "../../tree/content.ts";
import { nameOf } from "../../tree/file_tree.ts";
import { addgroup, addShell, adduser } from "./account_commands.ts";
import { installLinks, type LinkingProgram } from "./busybox_links.ts";
import { runExternal } from "./external_programs.ts";
import { chgrp, chmod, chown, filePlace, install, ln, mkdir, touch } from "./file_commands.ts";
import { readFile, READING } from "./reading_commands.ts";
import { move, rm, rmdir } from "./removing_commands.ts";
import { pathOf, readablePath, type ScriptWorld, type Understand } from "./script_world.ts";
import { sed } from "./sed_command.ts";
import { testCommand } from "./test_command.ts";

const COMMANDS: Readonly<Record<string, Understand>> = {
  "add-shell": addShell,
  addgroup,
  adduser,
  chgrp,
  chmod,
  chown,
  install,
  ln,
  mkdir,
  mv: move,
  rm,
  rmdir,
  touch,
};

/** PATH of a script (apk-tools src/database.c). */
export const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Most bytes that a script may write, files that grow counted whole each time. */
const MAX_WRITTEN = 16 << 20;

/** Programs as they are called: by name, or by the path of one of PATH's folders. */
const PROGRAM = /^(?:\/?(?:usr\/)?s?bin\/)?([^/]+)$/;

/** A tree as the system under a shell. */
export class TreeHost implements ShellHost {
  readonly #world: ScriptWorld;
  #written = 0;

  constructor(world: ScriptWorld) {
    this.#world = world;
  }

  run([command, ...args]: readonly [string, ...string[]], io: Io): number {
    const words = [command, ...args].join(" ");
    const name = PROGRAM.exec(command)?.[1];
    if (name === undefined) throw new NotUnderstood(words);
    if (isInstaller(name, args)) {
      installLinks(name)(this.#world);
      return 0;
    }
    if (name === "busybox" && args[0] !== undefined && !args[0].startsWith("-")) {
      return this.run([args[0], ...args.slice(1)], io);
    }
    if (name === "test") return testCommand(this.#world, args) ? 0 : 1;
    if (name === "[") {
      if (args.at(-1) !== "]") throw new NotUnderstood(words);
      return testCommand(this.#world, args.slice(0, -1)) ? 0 : 1;
    }
    if (name === "sed") return sed(this.#world, args, io);
    if (Object.hasOwn(READING, name)) return READING[name]!(this.#world, args, io);
    const action = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]!(args) : undefined;
    if (action) {
      action(this.#world);
      return 0;
    }
    const status = runExternal(this.#world, name, args);
    if (status === undefined) throw new NotUnderstood(words);
    return status;
  }

  read(path: string): string {
    return readFile(this.#world, path);
  }

  write(path: string, text: string, append: boolean): void {
    const world = this.#world;
    const named = pathOf(path);
    if (named === undefined) throw new NotUnderstood(`>${path}`);
    readablePath(path);
    const existing = world.find(named);
    if (existing !== undefined && existing.type !== "file") {
      throw new CommandFailure(`${path} is no file`);
    }
    const before = existing && append ? readFile(world, path) : "";
    this.#written += before.length + text.length;
    if (this.#written > MAX_WRITTEN) throw new NotUnderstood(`that much into ${path}`);
    const content = inlineText(before + text);
    world.put(
      existing
        ? { ...existing, content, mtime: world.epoch }
        : { ...world.base(filePlace(world, named), 0o644), type: "file", content },
    );
    world.notes.add(`file /${named}`);
  }

  exists(path: string): boolean {
    return this.#world.lookAt(readablePath(path)) !== undefined;
  }

  names(directory: string): readonly string[] | undefined {
    const entry = this.#world.look(readablePath(directory));
    if (entry?.type !== "directory") return undefined;
    return this.#world.tree.children(entry.path).filter((e) => !this.#world.isLater(e))
      .map((e) => nameOf(e.path));
  }

  which(name: string): string | undefined {
    for (const folder of PATH.split(":")) {
      const path = `${folder}/${name}`;
      const entry = this.#world.look(readablePath(path));
      if (entry?.type === "file" && (entry.mode & 0o111) !== 0) return path;
    }
    return undefined;
  }
}

function isInstaller(name: string, args: readonly string[]): name is LinkingProgram {
  const words = args.join(" ");
  return name === "bbsuid"
    ? words === "--install"
    : (name === "busybox" || name === "busybox-extras") && words === "--install -s";
}
