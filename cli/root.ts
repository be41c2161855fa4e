import { Command, CommanderError } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { exitCodeOf, formatError, TowerError } from "../lib/errors.ts";
import { jsonLine } from "../lib/report/json_reporter.ts";
import { completionCommand } from "./commands/completion.ts";
import { deprovisionCommand } from "./commands/deprovision.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { firewallCommand } from "./commands/firewall.ts";
import { listCommand } from "./commands/list.ts";
import { manualCommand } from "./commands/manual.ts";
import { poweroffCommand, rebootCommand, synctimeCommand } from "./commands/power.ts";
import { provisionCommand } from "./commands/provision.ts";
import { runCommand, sshCommand } from "./commands/ssh.ts";
import { statusCommand } from "./commands/status.ts";
import { versionCommand } from "./commands/version.ts";
import { wlanConnectCommand } from "./commands/wlan_connect.ts";
import type { Ending } from "./ending.ts";
import { errorJson } from "./render/outcomes.ts";
import { VERSION_TEXT } from "./version.ts";

/** The command tree of `tower`. */
export function commandTree(env: Env, ending: Ending = { code: 0, json: false }): Command {
  const program = new Command("tower")
    .enablePositionalOptions()
    .description("Run a tower of computers from a thin client.")
    .version(VERSION_TEXT, "-V, --version", "show version, commit and target")
    .helpOption("-h, --help", "show this help")
    .showHelpAfterError("(add --help for the options)")
    .hook("preAction", (_, action) => {
      ending.json = action.opts()["json"] === true;
    });
  for (
    const make of [
      provisionCommand,
      listCommand,
      statusCommand,
      sshCommand,
      runCommand,
      poweroffCommand,
      rebootCommand,
      synctimeCommand,
      wlanConnectCommand,
      deprovisionCommand,
      versionCommand,
      firewallCommand,
      doctorCommand,
      completionCommand,
      manualCommand,
    ]
  ) program.addCommand(make(env, ending) as Command);
  for (const command of withChildren(program)) {
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
    const { hint } = shown;
    env.stderr.write(
      ending.json
        ? jsonLine({ type: "error", hint, ...errorJson(shown) })
        : formatError(shown) + "\n",
    );
    return exitCodeOf(shown);
  }
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
