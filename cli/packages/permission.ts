import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { isConfirmed } from "../../lib/program/confirmation.ts";
import type { PackageMachine } from "./package_machine.ts";

/**
 * Refuses what could not be done, before anything is.
 * @param asks whether who uses a machine with a warning is asked about what comes
 * @throws {TowerError} `permission` without root; `usage` where nobody can be asked.
 */
export async function requirePermission(
  machines: readonly PackageMachine[],
  asks: boolean,
  { stdinIsTerminal }: Env,
): Promise<void> {
  for (const { name, warning, root } of machines) {
    await root();
    if (!asks || warning === undefined || stdinIsTerminal) continue;
    throw new TowerError("usage", `Cannot ask whether packages may come to "${name}"`, {
      hint: "It is asked at a terminal; --no-confirm goes on without",
    });
  }
}

/** Asks about machines with a warning, by default against it. @param machines to which packages come */
export async function isPermitted(
  machines: readonly PackageMachine[],
  env: Pick<Env, "ask" | "stderr">,
): Promise<boolean> {
  const warnings = machines.flatMap(({ warning }) => warning ?? []);
  if (warnings.length === 0) return true;
  for (const warning of warnings) env.stderr.write(`WARNING: ${warning}\n`);
  if (await isConfirmed(env)) return true;
  env.stderr.write("Nothing was changed.\n");
  return false;
}
