import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { findHost } from "../lib/fleet/host.ts";
import { sharedTarget } from "../lib/session/ssh_session.ts";
import { sshArgv } from "../lib/ssh/ssh_argv.ts";
import { CONNECT_TIMEOUT, openFleet } from "../lib/session/fleet.ts";
import { runUserClient } from "./user_client.ts";

/**
 * Gives this terminal to a program on a host.
 * @param command Nothing for a login shell.
 * @returns the program's own exit status; 255 is ssh's.
 */
export async function runRemote(
  name: string,
  command: readonly string[],
  options: { readonly terminal: boolean; readonly dryRun: boolean },
  env: Env,
): Promise<number> {
  const { inventory, place } = await openFleet(env);
  const host = findHost(inventory, name);
  const [program, ...rest] = command;
  if (program?.startsWith("-")) {
    // sshd gives the words to a shell, which would take it for its own option.
    throw new TowerError("usage", `Cannot run "${program}" on "${name}": it is no program's name`);
  }
  const target = sharedTarget(place, host, CONNECT_TIMEOUT);
  const argv = sshArgv(target, {
    ...(program === undefined ? {} : { command: [program, ...rest] }),
    terminal: options.terminal,
  });
  const doing = `run a program on "${name}"`;
  return await runUserClient(argv, target, { host: name, dryRun: options.dryRun, doing }, env);
}
