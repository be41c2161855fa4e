import type { Command } from "@commander-js/extra-typings";
import type { Env } from "../env.ts";
import type { Ending } from "./ending.ts";
import { helpLayout } from "./help_layout.ts";
import { type OwnHints, runToEnd } from "./run_to_end.ts";
import { usageWords } from "./usage_words.ts";
import { verbosityOf } from "./verbosity.ts";

/** Commands that tell of all the others. */
const TELL_OF_ALL = ["completion", "manual"];

/**
 * What a command tree has to hold for a command line: one command where its name stands first, as
 * making all of them takes longer than most do their work in; else all.
 */
export function chosenCommands<T>(
  commands: Readonly<Record<string, T>>,
  args: readonly string[],
): readonly T[] {
  const [name = ""] = args;
  const isAlone = Object.hasOwn(commands, name) && !TELL_OF_ALL.includes(name);
  return isAlone ? [commands[name]!] : Object.values(commands);
}

/**
 * Gives every command of a tree the environment's streams and the program's manners: help in few
 * words, and errors that come back to the caller instead of ending the process.
 */
export function prepareTree(program: Command, env: Env, ending: Ending): void {
  program.hook("preAction", (_, action) => {
    const options = action.opts();
    ending.json = options["json"] === true;
    ending.verbosity = verbosityOf(action.optsWithGlobals());
    // They are the program's: what a command makes of its own options is as without them.
    for (const name of VERBOSITY) delete options[name];
  });
  for (const command of withChildren(program)) {
    if (command === program || command.commands.length === 0) {
      command.option("-q, --quiet", "say nothing but results and errors");
      command.option("-v, --verbose", "tell each program that is run, and what was decided");
    }
    if (command.commands.length > 0) {
      command.helpCommand("help [command]", "Show the help of a command.");
    }
    command.helpOption("-h, --help", "show this help")
      .showHelpAfterError(`  hint: ${nameOf(command)} --help tells the options`);
    command.configureHelp(helpLayout);
    command.exitOverride().configureOutput({
      writeOut: (text) => env.stdout.write(text),
      writeErr: (text) => env.stderr.write(text),
      outputError: (text, write) => write(usageWords(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      stripColor: (text) => text,
      getOutHelpWidth: () => Math.min(env.columns, 100),
      getErrHelpWidth: () => Math.min(env.columns, 100),
    });
    // A flag that is not given is off: help need not say so for each.
    for (const option of command.options) {
      if (option.defaultValue === false) option.defaultValue = undefined;
    }
  }
}

const VERBOSITY = ["quiet", "verbose"] as const;

/** Runs a command tree under an environment; returns the exit status and never throws. */
export function runProgram(
  treeOf: (env: Env, ending: Ending) => Command,
  env: Env,
  hints: OwnHints = {},
): Promise<number> {
  return runToEnd(env, async (env, ending) => {
    await treeOf(env, ending).parseAsync(env.args, { from: "user" });
  }, hints);
}

/** Such as `tower-build repo pack`. */
function nameOf(command: Command): string {
  const above = command.parent;
  return above === null ? command.name() : `${nameOf(above as Command)} ${command.name()}`;
}

function* withChildren(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withChildren(child as Command);
}
