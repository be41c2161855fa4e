import { join } from "@std/path";
import type { Runner, RunningProcess } from "../proc/command.ts";
import { qemuArgv } from "../qemu/machine.ts";
import type { Cables, Switch } from "./cables.ts";

/** A host of the tower that is tried. */
export interface TriedHost {
  readonly name: string;
  readonly at: Switch;
  /** Of its network card; one beginning with 02 belongs to nobody (IEEE 802). */
  readonly mac: string;
  /** The interface that a second card leads to. */
  readonly uplink?: string;
}

/** Starts a card in QEMU, plugged into its switch, the console in `NAME.log` of the folder. */
export async function startHost(
  runner: Runner,
  cables: Cables,
  { name, at, mac, uplink }: TriedHost,
  folder: string,
  accelerator: "kvm" | "tcg",
): Promise<RunningProcess> {
  const argv = qemuArgv({
    arch: "x86_64",
    image: join(folder, `${name}.img`),
    snapshot: false,
    firmware: { kind: "bios" },
    accelerator,
    memoryMiB: 384,
    processors: 1,
    network: {
      ...{ kind: "tap", interface: await cables.addTap(name, at), mac },
      ...uplink !== undefined && { uplink },
    },
    serial: { kind: "file", path: join(folder, `${name}.log`) },
  });
  return runner.spawn(cables.switches.inside({ argv }));
}
