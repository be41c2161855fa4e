import { addgroup, adduser } from "./account_commands.ts";
import { installLinks, type LinkingProgram } from "./busybox_links.ts";
import { chgrp, chmod, chown, install, ln, mkdir, touch } from "./file_commands.ts";
import { type Action, CommandFailure, type ScriptWorld, type Understand } from "./script_world.ts";
import type { Script, SimpleCommand } from "./shell_subset.ts";

/** Ends the script with a status, or without one with that of the command before. */
interface Exit {
  readonly exit: number | undefined;
}

interface Step {
  readonly after: SimpleCommand["after"];
  readonly words: string;
  readonly act: Action | Exit;
}

/** A script of which every command is understood. */
export interface NativeScript {
  readonly errexit: boolean;
  readonly lists: readonly (readonly Step[])[];
}

const nothing: Understand = () => () => {};
const COMMANDS = new Map<string, Understand>([
  ["addgroup", addgroup],
  ["adduser", adduser],
  ["chgrp", chgrp],
  ["chmod", chmod],
  ["chown", chown],
  ["install", install],
  ["ln", ln],
  ["mkdir", mkdir],
  ["touch", touch],
  ["echo", nothing],
  ["true", nothing],
  [":", nothing],
  ["false", () => () => {
    throw new CommandFailure("false");
  }],
]);

/** A command that is not understood, as its words. */
export interface NotUnderstood {
  readonly words: string;
}

/** The script as native steps, or the first command that is not understood. */
export function understandScript(script: Script): NativeScript | NotUnderstood {
  let errexit = script.errexit;
  const lists: Step[][] = [];
  for (const [i, list] of script.lists.entries()) {
    const [first] = list;
    if (list.length === 1 && first && first.argv.join(" ") === "set -e") {
      errexit = true;
      // Failures before the line are not the ones it is about.
      if (lists.length > 0) return { words: "set -e" };
      continue;
    }
    const steps: Step[] = [];
    for (const command of list) {
      const words = command.argv.join(" ");
      const isLast = list.length === 1 && i === script.lists.length - 1;
      const act = understand(command.argv, isLast);
      if (!act) return { words };
      steps.push({ after: command.after, words, act });
    }
    lists.push(steps);
  }
  return { errexit, lists };
}

/**
 * Runs a script on a world.
 * @returns Undefined when it ends with status 0, else the command that made it end otherwise.
 */
export function runNative(script: NativeScript, world: ScriptWorld): string | undefined {
  let failed: string | undefined;
  for (const list of script.lists) {
    let last = 0;
    for (const [i, step] of list.entries()) {
      const wanted = step.after === "always" || (step.after === "success") === !failed;
      if (!wanted) continue;
      if ("exit" in step.act) {
        const { exit } = step.act;
        return exit === 0 ? undefined : failed ?? (exit === undefined ? undefined : step.words);
      }
      failed = statusOf(step.words, step.act, world);
      last = i;
    }
    // errexit spares what an operator follows.
    if (failed && script.errexit && last === list.length - 1) return failed;
  }
  return failed;
}

function statusOf(words: string, act: Action, world: ScriptWorld): string | undefined {
  try {
    act(world);
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return `${words}: ${error.message}`;
  }
}

function understand(
  argv: readonly [string, ...string[]],
  isLast: boolean,
): Action | Exit | undefined {
  const [command, ...args] = argv;
  // As the last command it makes no difference; before, it would end the script.
  if (command === "exec") {
    const [program, ...rest] = args;
    return isLast && program ? understand([program, ...rest], false) : undefined;
  }
  if (command === "exit") {
    const [status, ...more] = args;
    if (more.length > 0 || !/^\d{1,3}$/.test(status ?? "0")) return undefined;
    return { exit: status === undefined ? undefined : Number(status) };
  }
  const name = command.replace(/^(?:\/usr)?\/s?bin\//, "");
  if (name === "busybox" && args[0] && COMMANDS.has(args[0])) {
    return COMMANDS.get(args[0])!(args.slice(1));
  }
  if (isInstaller(name, args)) return installLinks(name);
  return COMMANDS.get(name)?.(args);
}

function isInstaller(name: string, args: readonly string[]): name is LinkingProgram {
  const words = args.join(" ");
  return name === "bbsuid"
    ? words === "--install"
    : (name === "busybox" || name === "busybox-extras") && words === "--install -s";
}
