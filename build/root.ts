import { Command, CommanderError } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { exitCodeOf, formatError, TowerError } from "../lib/errors.ts";
import { bootCommand } from "./commands/boot.ts";
import { buildCommand } from "./commands/build.ts";
import { lockCommand } from "./commands/lock.ts";
import { planCommand } from "./commands/plan.ts";
import { repoCommand } from "./commands/repo.ts";
import { resolveCommand } from "./commands/resolve.ts";
import { showTreeCommand } from "./commands/show_tree.ts";
import { verifyCommand } from "./commands/verify.ts";
import { whyCommand, whyNotCommand } from "./commands/why.ts";
import { VERSION } from "./version.ts";

/** What a command leaves behind beside its output: the status the program ends with. */
export interface Ending {
  code: number;
}

/** The command tree of `tower-build`. */
export function commandTree(env: Env, ending: Ending): Command {
  const program = new Command("tower-build")
    .description("Turn a YAML manifest into bootable Alpine-based media.")
    .version(VERSION, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .showHelpAfterError("(add --help for the options)");
  for (
    const make of [
      buildCommand,
      lockCommand,
      planCommand,
      resolveCommand,
      whyCommand,
      whyNotCommand,
      showTreeCommand,
      verifyCommand,
      bootCommand,
      repoCommand,
    ]
  ) program.addCommand(make(env, ending) as Command);
  for (const command of withChildren(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => env.stdout.write(text),
      writeErr: (text) => env.stderr.write(text),
      getOutHelpWidth: () => Math.min(env.columns, 100),
      getErrHelpWidth: () => Math.min(env.columns, 100),
    });
  }
  return program as Command;
}

/** Runs the program under an environment; returns its exit status and never throws. */
export async function run(env: Env): Promise<number> {
  const ending: Ending = { code: 0 };
  try {
    await commandTree(env, ending).parseAsync(env.args, { from: "user" });
    return ending.code;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const shown = error instanceof TowerError ? error : internalError(error);
    env.stderr.write(formatError(shown) + "\n");
    return exitCodeOf(shown);
  }
}

function internalError(cause: unknown): TowerError {
  return new TowerError("tool", "Cannot go on: something happened that should not", {
    cause,
    hint: "please report it with the command line and the manifest",
  });
}

function* withChildren(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withChildren(child as Command);
}
