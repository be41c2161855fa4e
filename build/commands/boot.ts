import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Ending } from "../../lib/program/ending.ts";
import type { HostRequest } from "../boot/boot.ts";
import type { SampleRole } from "../boot/sample_host.ts";
import { add, count } from "./options.ts";

/** `boot`: an image in QEMU. */
export function bootCommand(env: Env, ending: Ending) {
  return new Command("boot")
    .description(
      "Boot a disk image or an ISO 9660 medium in QEMU, its serial console on this terminal (leave: Ctrl-A X), or with " +
        "--ssh a shell in it.",
    )
    .argument("<image>", "an image, which stays as it is unless --write is given; or a system")
    .addOption(
      new Option("--arch <arch>", "which machine; by default what the image's record says")
        .choices(["x86_64", "aarch64"] as const),
    )
    .addOption(
      new Option(
        "--firmware <kind>",
        "how it starts; by default by BIOS where a PC has a loader for it, else by UEFI; secure-boot learns the image's keys first",
      )
        .choices(["bios", "uefi", "secure-boot"] as const),
    )
    .addOption(
      new Option("--as <medium>", "what the machine has it in; a stick is a disk on USB")
        .choices(["disk", "stick", "cd"] as const).default("disk" as const),
    )
    .addOption(
      new Option("--accelerator <kind>", "auto takes KVM only where a test guest proves it")
        .choices(["auto", "kvm", "tcg"] as const).default("auto" as const),
    )
    .addOption(new Option("--memory <MiB>", "memory").argParser(memory).default(512))
    .addOption(new Option("--processors <n>", "processors").argParser(count).default(1))
    .option("--forward <host:guest>", "TCP port of this machine's loopback to a port inside", add)
    .option(
      "--tower-env <file>",
      "make a host of it: put this tower.env on a copy's boot partition",
    )
    .addOption(
      new Option("--role <role>", "the same with a sample tower.env, its key made on first use")
        .choices(["router", "online", "offline"] as const).conflicts("towerEnv"),
    )
    .addOption(new Option("--disk <MiB>", "size of that copy's disk").argParser(count))
    .addOption(
      new Option("--ssh", "open a shell in it; the machine ends with the shell")
        .default(false).conflicts("exitStatus"),
    )
    .option("--user <name>", "who logs in (default: root, or the host's user)")
    .option("--identity <file>", "the private key to log in with (default: ssh's own)")
    .addOption(
      new Option("--timeout <seconds>", "how long --ssh waits for it").argParser(count).default(
        300,
      ),
    )
    .option("--write", "let the machine change the image", false)
    .option("--exit-status", "end with the number that the machine writes to /dev/ttyS1", false)
    .action(async (image, options) => {
      const { bootImage } = await import("../boot/boot.ts");
      const code = await bootImage({
        image,
        arch: options.arch,
        firmware: options.firmware,
        medium: options.as,
        accelerator: options.accelerator,
        memoryMiB: options.memory,
        processors: options.processors,
        forwards: options.forward ?? [],
        snapshot: !options.write,
        wantsStatus: options.exitStatus,
        login: { user: options.user, identityFile: options.identity },
        wantsShell: options.ssh,
        timeout: options.timeout,
        host: hostOf(options),
      }, env);
      ending.code = code;
    });
}

/** MiB. No Linux of today starts with less. */
function memory(text: string): number {
  const value = Number(text);
  if (/^[0-9]{1,7}$/.test(text) && value >= 128 && value <= 1 << 20) return value;
  throw new InvalidArgumentError("It must be a number of MiB from 128 to 1048576.");
}

function hostOf({ towerEnv, role, disk }: {
  towerEnv?: string;
  role?: SampleRole;
  disk?: number;
}): HostRequest | undefined {
  const diskMiB = disk;
  if (towerEnv !== undefined) return { as: { towerEnv }, diskMiB };
  if (role !== undefined) return { as: { role }, diskMiB };
  if (disk === undefined) return undefined;
  throw new TowerError("usage", "Cannot size a disk: --disk goes with --tower-env or --role");
}
