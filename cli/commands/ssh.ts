import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `ssh HOST [CMD...]`: a shell on a host, or a program. */
export function sshCommand(env: Env, ending: Ending) {
  return new Command("ssh")
    .description("Open a shell on a host, or run a program on it with this terminal's streams.")
    .argument("<host>")
    .argument("[command...]", "a program and its words, which reach it as they are")
    .option("--tty", "give the program a terminal; a shell always gets one", false)
    .option("--dry-run", "show the command line of ssh", false)
    .passThroughOptions()
    .action(async (host, command, { tty, dryRun }) => {
      const { runRemote } = await import("../remote.ts");
      const terminal = tty || command.length === 0 && env.stdoutIsTerminal;
      ending.code = await runRemote(host, command, { terminal, dryRun }, env);
    });
}

/** `run HOST CMD...`: a program of the terminal on a host. */
export function runCommand(env: Env, ending: Ending) {
  return new Command("run")
    .description("Run a program of the terminal on a host.")
    .argument("<host>")
    .argument("<command...>", "a program and its words, which reach it as they are")
    .option("--dry-run", "show the command line of ssh", false)
    .passThroughOptions()
    .action(async (host, command, { dryRun }) => {
      const { runRemote } = await import("../remote.ts");
      const options = { terminal: env.stdoutIsTerminal, dryRun };
      ending.code = await runRemote(host, command, options, env);
    });
}
