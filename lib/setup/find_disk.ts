import { describeDevice, inspectDevice, type InspectedDevice, listDisks } from "../disk/devices.ts";
import { serialOf } from "../disk/serial.ts";
import { TowerError } from "../errors.ts";
import { exists, realPath } from "../files/files.ts";
import type { Runner } from "../proc/command.ts";

/**
 * The one disk with a serial number, or that a link below /dev/disk/by-id names.
 * @throws {TowerError} `not-found` with all disks that there are; `conflict` for several
 */
export async function findDisk(runner: Runner, wanted: string): Promise<InspectedDevice> {
  const disks = (await listDisks(runner)).map((disk) => ({ ...disk, serial: serialOf(disk) }));
  const path = wanted.startsWith("/") && exists(wanted) ? realPath(wanted) : undefined;
  const found = disks.filter((disk) => disk.path === path || disk.serial === wanted);
  const [disk, ...others] = found;
  if (disk !== undefined && others.length === 0) {
    return { ...await inspectDevice(runner, disk.path), serial: disk.serial };
  }
  const shown = (disk === undefined ? disks : found).map(describeDevice).join("; ");
  throw disk === undefined
    ? new TowerError("not-found", `Cannot find disk "${wanted}": no disk has this serial number`, {
      hint: `the disks are ${shown || "none"}`,
    })
    : new TowerError(
      "conflict",
      `Cannot choose disk "${wanted}": ${shown} have this serial number`,
    );
}
