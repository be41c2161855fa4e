import type { Runner } from "../../../lib/proc/command.ts";

/** Why a test cannot run here, or undefined where all of its programs are. */
export function programsMissing(
  runner: Runner,
  ...programs: readonly string[]
): string | undefined {
  const absent = programs.filter((program) => !runner.which(program));
  return absent.length > 0 ? `no ${absent.join(", ")}` : undefined;
}

/** The name of a test that is skipped where something is missing, with the reason. */
export function named(name: string, missing: string | undefined) {
  return {
    name: name + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
  };
}
