import type { InspectedDevice } from "../../../lib/disk/devices.ts";
import type { DiskChoices } from "../../../lib/setup/choices.ts";

/** A disk of some maker, with nothing on it. */
export function madeUpDisk(options: Partial<InspectedDevice> = {}): InspectedDevice {
  return {
    ...{ path: "/dev/sda", name: "sda", number: "8:0", type: "disk", size: 32 * 2 ** 30 },
    ...{ isRemovable: false, isReadOnly: false, model: "QEMU HARDDISK", serial: "DISK1" },
    ...{ mountPoints: [], children: [], sequence: "1", users: [] },
    ...options,
  };
}

/** Disks of which the last two come once they are looked for again; one has a hostile name. */
export function madeUpDisks(looks: number): DiskChoices {
  const state = { kind: "empty" } as const;
  const late = [
    {
      disk: madeUpDisk({
        path: "/dev/sdb",
        serial: "",
        model: "\x1b[2J\x07evil\u202e\u00e4\u0416",
      }),
      state,
    },
    {
      disk: madeUpDisk({ path: "/dev/nvme0n1", serial: "S4EV", model: "Fast 1TB", size: 1e12 }),
      state: { kind: "used", what: "a partition table (GPT) with partitions esp, windows" },
    } as const,
  ];
  return {
    offered: [{ disk: madeUpDisk(), state }, ...looks > 1 ? late : []],
    refused: [
      "/dev/sdc (Stick, 4.0 GB, serial 77): it is the medium that this machine was started from",
    ],
  };
}
