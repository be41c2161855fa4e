import { type LabMachine, VirtualMachine } from "../../../lib/lab/virtual_machine.ts";
import type { Command, Runner } from "../../../lib/proc/command.ts";

/** How many times longer everything may take, on a machine that has other work: `TOWER_PATIENCE`. */
export const PATIENCE = Number(Deno.env.get("TOWER_PATIENCE") ?? 1);

/** Starts a machine of a test. @param folder Where its log goes. */
export function startMachine(
  runner: Runner,
  folder: string,
  machine: LabMachine,
  place?: (command: Command) => Command,
): VirtualMachine {
  return VirtualMachine.start(runner, machine, { folder, patience: PATIENCE, place });
}
