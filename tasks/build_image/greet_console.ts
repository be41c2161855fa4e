import type { Env } from "../../lib/env.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { ConsoleShell } from "../../lib/lab/console_shell.ts";
import { qemuArgv } from "../../lib/qemu/machine.ts";

/** Seconds until an emulated machine has a shell at its console, that an answer takes, and until it is off. */
const [START, ANSWER, OFF] = [240, 60, 60];
const QUESTIONS = [
  "uname -a",
  "tower --version",
  "tower-build --version",
  "ls /var/towercomputers/builds",
];

/** Boots a live medium in QEMU, without any network, and asks it at its serial console. */
export async function greetAtConsole(
  env: Env,
  image: string,
  accelerator: "kvm" | "tcg",
): Promise<void> {
  env.stderr.write(`Booting ${image}\n`);
  await using qemu = env.runner.spawn({
    argv: qemuArgv({
      arch: "x86_64",
      image,
      snapshot: true,
      disk: "cd",
      firmware: { kind: "bios" },
      accelerator,
      memoryMiB: 1024,
      processors: 1,
      network: { kind: "none" },
      serial: { kind: "stdio" },
    }),
  });
  const shell = new ConsoleShell(qemu);
  using reporter = reporterFor(env, false);
  const title = `Waiting for a shell at its console, at most ${START} s`;
  reporter.report({ type: "step", id: "shell", title });
  await shell.open(START);
  reporter.report({ type: "done", id: "shell" });
  for (const question of QUESTIONS) env.stdout.write((await shell.run(question, ANSWER)).text);
  reporter.report({ type: "step", id: "off", title: "Power it off" });
  await shell.type("doas poweroff\n");
  const late = new Promise((resolve) => setTimeout(resolve, OFF * 1000));
  await Promise.race([qemu.ended, late]);
  reporter.report({ type: "done", id: "off" });
}
