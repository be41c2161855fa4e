import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/**
 * A command whose words from a program's name on are the program's. Its own options may stand
 * before the host and right behind it, as ssh(1) has it; `--` ends them.
 */
class RemoteCommand extends Command {
  override parseOptions(words: string[]) {
    const host = words.findIndex((word) => !word.startsWith("-"));
    const program = words.findIndex((word, i) => i > host && !/^-./.test(word) || word === "--");
    if (host < 0 || program >= 0 && program < host) return super.parseOptions(words);
    const end = program < 0 ? words.length : program;
    const own = [...words.slice(0, host), ...words.slice(host + 1, end)];
    const rest = words.slice(words[end] === "--" ? end + 1 : end);
    return super.parseOptions([...own, "--", words[host]!, ...rest]);
  }
}

/** `ssh HOST [CMD...]`: a shell on a host, or a program. */
export function sshCommand(env: Env, ending: Ending) {
  return new RemoteCommand("ssh")
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
  return new RemoteCommand("run")
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
