import { type Command, CommanderError } from "@commander-js/extra-typings";
import type { Env } from "../env.ts";
import { exitCodeOf, formatError, messagesOf, TowerError } from "../errors.ts";
import { jsonLine } from "../report/json_reporter.ts";
import { type Ending, newEnding } from "./ending.ts";
import { tellingEnv, verbosityOf } from "./verbosity.ts";

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
    command.helpOption("-h, --help", "show this help")
      .showHelpAfterError("(add --help for the options)");
    command.exitOverride().configureOutput({
      writeOut: (text) => env.stdout.write(text),
      writeErr: (text) => env.stderr.write(text),
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
export async function runProgram(
  treeOf: (env: Env, ending: Ending) => Command,
  env: Env,
): Promise<number> {
  const ending = newEnding();
  try {
    await treeOf(tellingEnv(env, ending), ending).parseAsync(env.args, { from: "user" });
    return ending.code;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const shown = error instanceof TowerError ? error : internalError(error);
    env.stderr.write(ending.json ? jsonLine(errorValue(shown)) : formatError(shown) + "\n");
    return exitCodeOf(shown);
  }
}

/** An error as the last line of a program's JSON events. */
function errorValue(error: TowerError) {
  const { code, hint } = error;
  return { type: "error", code, hint, messages: messagesOf(error) };
}

function internalError(cause: unknown): TowerError {
  return new TowerError("tool", "Cannot go on: something happened that should not", {
    cause,
    hint: "please report it with the command line",
  });
}

function* withChildren(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withChildren(child as Command);
}
