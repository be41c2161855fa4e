import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { freePort } from "../../lib/qemu/deno_loopback.ts";
import { type Lan, type MachineSpec, qemuArgv } from "../../lib/qemu/machine.ts";
import { sshArgv, type SshTarget } from "../../lib/ssh/ssh_argv.ts";
import { readText, tempDir } from "../../lib/files/files.ts";

/** How long an emulated machine may take until it answers, in seconds. */
const PATIENCE = 180;
const QUESTIONS = [
  ...["uname -a", "rc-status --all", "iptables -S INPUT", "df -h /"],
  "wc -l < /lib/apk/db/installed",
];

/** A machine to ask. */
export interface Guest extends Pick<MachineSpec, "arch" | "firmware"> {
  readonly image: string;
  /** The private key that opens it. */
  readonly key: string;
  readonly user: string;
  /** Where it has an address of its own choice. */
  readonly lan?: Lan;
}

/**
 * Boots an image in QEMU, its SSH port on this machine's loopback, shows what it says of itself
 * and powers it off. The image stays as it is.
 *
 * @param more what it is asked beside what every machine is
 */
export async function greet(
  env: Env,
  { arch, firmware, image, key, user, lan }: Guest,
  accelerator: "kvm" | "tcg",
  more: readonly string[] = [],
): Promise<void> {
  using folder = tempDir();
  const console = join(folder.path, "console.log");
  const port = freePort();
  env.stderr.write(`Booting ${image} (SSH on 127.0.0.1:${port})\n`);
  await using qemu = env.runner.spawn({
    argv: qemuArgv({
      arch,
      image,
      snapshot: true,
      firmware,
      accelerator,
      memoryMiB: 512,
      processors: 1,
      network: { kind: "user", forwards: [{ host: port, guest: 22 }], ...(lan ? { lan } : {}) },
      serial: { kind: "file", path: console },
    }),
  });
  const target: SshTarget = {
    address: "127.0.0.1",
    port,
    user,
    identityFile: key,
    // The machine makes its key when it first starts: on this loopback port, at this moment, the
    // first answer is taken for it.
    trust: { kind: "first-seen", knownHostsFile: join(folder.path, "known_hosts") },
    connectTimeout: 5,
  };
  const ssh = (script: string) => {
    const shell = ["sh", "-c", script] as const;
    const command = user === "root" ? shell : ["doas", ...shell] as const;
    return env.runner.run({ argv: sshArgv(target, { command }) });
  };
  using reporter = reporterFor(env, false);
  const title = `Waiting for its answer over SSH, at most ${PATIENCE} s`;
  reporter.report({ type: "step", id: "ssh", title });
  const isOver = qemu.ended.then(() => "over" as const);
  for (const deadline = performance.now() + PATIENCE * 1000;;) {
    try {
      const { stdout } = await ssh([...QUESTIONS, ...more].join("; "));
      reporter.report({ type: "done", id: "ssh" });
      env.stdout.write(new TextDecoder().decode(stdout));
      break;
    } catch (cause) {
      env.signal.throwIfAborted();
      const pause = new Promise((resolve) => setTimeout(resolve, 500));
      if (await Promise.race([isOver, pause]) !== "over" && performance.now() < deadline) continue;
      env.stderr.write(readText(console, 16 << 20));
      throw new TowerError("tool", "Cannot reach the machine over SSH: see its console above", {
        cause,
      });
    }
  }
  reporter.report({ type: "step", id: "off", title: "Power it off" });
  await ssh("poweroff");
  await qemu.ended;
  reporter.report({ type: "done", id: "off" });
  env.stderr.write("It answered over SSH and powered off\n");
}
