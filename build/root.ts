import { Command, CommanderError } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { exitCodeOf, formatError, messagesOf, TowerError } from "../lib/errors.ts";
import { jsonLine } from "../lib/report/json_reporter.ts";
import { bootCommand } from "./commands/boot.ts";
import { buildCommand } from "./commands/build.ts";
import { completionCommand } from "./commands/completion.ts";
import { diffCommand } from "./commands/diff.ts";
import { lockCommand } from "./commands/lock.ts";
import { manualCommand } from "./commands/manual.ts";
import { planCommand } from "./commands/plan.ts";
import { repoCommand } from "./commands/repo.ts";
import { resolveCommand } from "./commands/resolve.ts";
import { sbomCommand } from "./commands/sbom.ts";
import { showTreeCommand } from "./commands/show_tree.ts";
import { signCommand } from "./commands/sign.ts";
import { verifyCommand } from "./commands/verify.ts";
import { whyCommand, whyNotCommand } from "./commands/why.ts";
import { VERSION_TEXT } from "./version.ts";

/** What a command leaves behind beside its output: how the program ends. */
export interface Ending {
  /** Exit status. */
  code: number;
  /** Whether an error is told as JSON, as the command's events are. */
  json: boolean;
}

/** The command tree of `tower-build`. */
export function commandTree(env: Env, ending: Ending): Command {
  const program = new Command("tower-build")
    .description("Turn a YAML manifest into bootable Alpine-based media.")
    .version(VERSION_TEXT, "-V, --version", "show version, commit and target")
    .hook("preAction", (_, action) => {
      ending.json = action.opts()["json"] === true;
    });
  for (
    const make of [
      buildCommand,
      lockCommand,
      planCommand,
      resolveCommand,
      whyCommand,
      whyNotCommand,
      showTreeCommand,
      sbomCommand,
      signCommand,
      verifyCommand,
      diffCommand,
      bootCommand,
      repoCommand,
      completionCommand,
      manualCommand,
    ]
  ) program.addCommand(make(env, ending) as Command);
  for (const command of withChildren(program)) {
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
  return program as Command;
}

/** Runs the program under an environment; returns its exit status and never throws. */
export async function run(env: Env): Promise<number> {
  const ending: Ending = { code: 0, json: false };
  try {
    await commandTree(env, ending).parseAsync(env.args, { from: "user" });
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
    hint: "please report it with the command line and the manifest",
  });
}

function* withChildren(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withChildren(child as Command);
}
