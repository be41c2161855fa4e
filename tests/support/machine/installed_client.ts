import { findFirmware } from "../../../build/boot/boot.ts";
import { ConsoleShell } from "../../../lib/lab/console_shell.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { type MachineSpec, qemuArgv } from "../../../lib/qemu/machine.ts";
import { PATIENCE } from "./test_machine.ts";

/** Seconds until a machine asks who is there, until it has a shell then, and until it is off. */
const [START, LOGIN, OFF] = [200, 60, 90];

/** A thin client on a disk, and who may log in. */
export interface InstalledClient {
  readonly disk: string;
  readonly user: string;
  readonly password: string;
  readonly moreDisks?: MachineSpec["moreDisks"];
}

function start(runner: Runner, { disk, moreDisks = [] }: InstalledClient): RunningProcess {
  return runner.spawn({
    argv: qemuArgv({
      ...{ arch: "x86_64", snapshot: false, accelerator: "tcg", memoryMiB: 1024, processors: 1 },
      ...{ image: disk, moreDisks, firmware: { kind: "uefi", file: findFirmware("x86_64") } },
      ...{ network: { kind: "none" }, serial: { kind: "stdio" } },
    }),
  });
}

/** Starts a thin client from its disk, logs in at its console, lets its shell be used, and powers it off. */
export async function atInstalledClient(
  runner: Runner,
  client: InstalledClient,
  use: (shell: ConsoleShell) => Promise<void>,
): Promise<void> {
  await using qemu = start(runner, client);
  const shell = new ConsoleShell(qemu);
  await shell.until(/login: $/, START * PATIENCE);
  await shell.type(`${client.user}\n`);
  await shell.until(/Password: $/, LOGIN * PATIENCE);
  await shell.type(`${client.password}\n`);
  await shell.open(LOGIN * PATIENCE);
  await use(shell);
  await shell.type("doas poweroff\n");
  await untilOff(qemu, shell, OFF);
}

/** Starts a thin client that ends by itself, as one that starts anew does here; what its console showed. */
export async function untilItEnds(
  runner: Runner,
  client: InstalledClient,
  seconds: number,
): Promise<string> {
  await using qemu = start(runner, client);
  const shell = new ConsoleShell(qemu);
  await untilOff(qemu, shell, seconds);
  return shell.seen;
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
