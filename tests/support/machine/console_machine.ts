import { ConsoleShell } from "../../../lib/lab/console_shell.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { type MachineSpec, qemuArgv } from "../../../lib/qemu/machine.ts";
import { PATIENCE } from "./test_machine.ts";

/** Seconds until an emulated machine has a shell at its console, and until it is off. */
const [START, OFF] = [200, 60];

/** What is chosen of a machine without any network. */
export type ConsoleMachine =
  & Pick<MachineSpec, "image" | "firmware">
  & Partial<Pick<MachineSpec, "disk" | "moreDisks">>;

/** Starts a machine that nobody has to log in at, lets its shell be used, and powers it off. */
export async function atConsole(
  runner: Runner,
  machine: ConsoleMachine,
  use: (shell: ConsoleShell) => Promise<void>,
): Promise<void> {
  await using qemu = runner.spawn({
    argv: qemuArgv({
      ...{ arch: "x86_64", snapshot: false, accelerator: "tcg", memoryMiB: 1024, processors: 1 },
      ...machine,
      network: { kind: "none" },
      serial: { kind: "stdio" },
    }),
  });
  const shell = new ConsoleShell(qemu);
  await shell.open(START * PATIENCE);
  await use(shell);
  await shell.type("doas poweroff\n");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`It is still on:\n${shell.seen}`));
    timer = setTimeout(say, OFF * PATIENCE * 1000);
  });
  await Promise.race([qemu.ended, late]).finally(() => clearTimeout(timer));
}
