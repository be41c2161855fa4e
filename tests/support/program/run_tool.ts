import { denoRunner } from "../../../lib/proc/deno_runner.ts";

const runner = denoRunner();

/** Runs a judge; what it says. @throws {TowerError} `tool` where it finds a fault */
export async function run(...argv: [string, ...string[]]): Promise<string> {
  const { stdout } = await runner.run({ argv });
  return new TextDecoder().decode(stdout);
}
