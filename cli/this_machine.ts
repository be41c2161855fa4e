import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { quietWords } from "../lib/proc/quiet_words.ts";

/** Whether this program is root's. */
export async function isRoot({ runner }: Env): Promise<boolean> {
  const { stdout } = await runner.run({ argv: ["id", "-u"] });
  return new TextDecoder().decode(stdout).trim() === "0";
}

/**
 * Refuses anybody else.
 * @param what As in "Cannot change this machine's network".
 * @param command As the user typed it.
 * @throws {TowerError} `permission`
 */
export async function requireRoot(env: Env, what: string, command: string): Promise<void> {
  if (await isRoot(env)) return;
  throw onlyRoot(what, `Run it as root: ${asRoot(env, command)}`);
}

/** The words that make a program root's without a question, where somebody allowed that. */
export async function quietRoot(env: Env): Promise<readonly string[] | undefined> {
  return await isRoot(env) ? [] : await quietWords(env.runner);
}

/**
 * As {@linkcode quietRoot}.
 * @param what As in "Cannot change the packages of this machine".
 * @throws {TowerError} `permission` where nobody allowed it.
 */
export async function requireQuietRoot(env: Env, what: string): Promise<readonly string[]> {
  const words = await quietRoot(env);
  if (words !== undefined) return words;
  const command = quoteArgv(["tower", ...env.args]);
  throw onlyRoot(
    what,
    "Let doas or sudo ask this user for no password, as in /etc/doas.d/tower.conf: " +
      `permit nopass USER; or run it as root: ${asRoot(env, command)}`,
  );
}

/** The inventory is in the user's home, and these programs would give root its own. */
function asRoot({ runner }: Env, command: string): string {
  const program = runner.which("doas") || !runner.which("sudo") ? "doas" : "sudo";
  return `${program} env HOME="$HOME" ${command}`;
}

function onlyRoot(what: string, hint: string): TowerError {
  return new TowerError("permission", `Cannot ${what}: only root may`, { hint });
}
