import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
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
  const program = env.runner.which("doas") || !env.runner.which("sudo") ? "doas" : "sudo";
  // The inventory is in the user's home, and these programs would give root its own.
  throw new TowerError("permission", `Cannot ${what}: only root may`, {
    hint: `Run it as root: ${program} env HOME="$HOME" ${command}`,
  });
}

/** The words that make a program root's without a question, where somebody allowed that. */
export async function quietRoot(env: Env): Promise<readonly string[] | undefined> {
  return await isRoot(env) ? [] : await quietWords(env.runner);
}
