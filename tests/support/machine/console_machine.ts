import { ConsoleShell } from "../../../lib/lab/console_shell.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { type MachineSpec, qemuArgv } from "../../../lib/qemu/machine.ts";
import { PATIENCE } from "./test_machine.ts";

/** Seconds until an emulated machine has a shell at its console, and until it is off. */
const [START, OFF] = [200, 60];

/** What is chosen of a machine without any network. */
export type ConsoleMachine =
  & Pick<MachineSpec, "image" | "firmware">
  & Partial<Pick<MachineSpec, "disk" | "moreDisks">>;

/**
 * Starts a machine, lets its shell be used, and powers it off.
 *
 * @param enter logs in, where somebody has to
 */
export async function atConsole(
  runner: Runner,
  machine: ConsoleMachine,
  use: (shell: ConsoleShell) => Promise<void>,
  enter: (shell: ConsoleShell) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using qemu = start(runner, machine);
  const shell = new ConsoleShell(qemu);
  await enter(shell);
  await shell.open(START * PATIENCE);
  await use(shell);
  await shell.type("doas poweroff\n");
  await untilOff(qemu, shell, OFF);
}

/** Starts a machine that ends by itself, as one that starts anew does here; what its console showed. */
export async function untilItEnds(
  runner: Runner,
  machine: ConsoleMachine,
  seconds: number,
): Promise<string> {
  await using qemu = start(runner, machine);
  const shell = new ConsoleShell(qemu);
  await untilOff(qemu, shell, seconds);
  return shell.seen;
}

function start(runner: Runner, machine: ConsoleMachine): RunningProcess {
  return runner.spawn({
    argv: qemuArgv({
      ...{ arch: "x86_64", snapshot: false, accelerator: "tcg", memoryMiB: 1024, processors: 1 },
      ...machine,
      network: { kind: "none" },
      serial: { kind: "stdio" },
    }),
  });
}

async function untilOff(
  qemu: RunningProcess,
  shell: ConsoleShell,
  seconds: number,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`It is still on:\n${shell.seen}`));
    timer = setTimeout(say, seconds * PATIENCE * 1000);
  });
  await Promise.race([qemu.ended, late]).finally(() => clearTimeout(timer));
}

/** Logs in at a thin client that was set up on a disk. @param passphrase that opens the disk, if one does */
export function logIn(user: string, password: string, passphrase?: string) {
  return async (shell: ConsoleShell) => {
    if (passphrase !== undefined) {
      await shell.until(/^Passphrase of this thin client: $/m, START * PATIENCE);
      await shell.type("not this one\n");
      await shell.until(
        /^This does not open the disk\.\n+Passphrase [a-z ]+: $/m,
        START * PATIENCE,
      );
      await shell.type(`${passphrase}\n`);
    }
    await shell.until(/ login: $/, START * PATIENCE);
    await shell.type(`${user}\n`);
    await shell.until(/Password: $/, START * PATIENCE);
    await shell.type(`${password}\n`);
  };
}
