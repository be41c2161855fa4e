import { describeDevice, type InspectedDevice, refusals } from "../disk/devices.ts";
import { type OpenDevice, openDevice } from "../disk/medium.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { exists, readText } from "../files/files.ts";
import { openDisk } from "../files/disk_file.ts";
import { placeFaults } from "../provision/known_place.ts";
import { type DiskState, diskState } from "./disk_state.ts";
import { findDisk } from "./find_disk.ts";
import { type DiskLayout, layoutOf } from "./layout.ts";
import type { LiveMedium } from "./live_medium.ts";
import type { SetupWish } from "./answers.ts";

const LIMIT = 1 << 20;
/** Of the user of the medium, whose name the user of the disk gets. */
export const USER_ID = 1000;
const PROGRAMS = [
  "blockdev",
  "cp",
  "cryptsetup",
  "findfs",
  "mkfs.ext4",
  "mount",
  "umount",
  "veritysetup",
];

/** All that was looked at before anything is changed, and what would then be done. */
export interface SetupPlan {
  readonly wish: SetupWish;
  readonly disk: InspectedDevice;
  /** The same, opened and locked. */
  readonly opened: OpenDevice;
  readonly state: DiskState;
  readonly layout: DiskLayout;
  /** Of the user of the medium: what it has in ~/.local/tower goes along. */
  readonly home: string;
}

/** @throws {TowerError} `unsupported`, `tool` where this machine is none that can be set up */
export function requireMachine({ runner }: Pick<Env, "runner">, sys = "/sys"): void {
  if (!exists(`${sys}/firmware/efi`)) {
    throw new TowerError(
      "unsupported",
      "Cannot set up a thin client: this machine starts by BIOS",
      {
        hint:
          "its disk starts by UEFI alone: choose that in the firmware, and start the medium again",
      },
    );
  }
  const missing = PROGRAMS.filter((program) => runner.which(program) === undefined);
  if (missing.length === 0) return;
  throw new TowerError("tool", `Cannot set up a thin client: there is no ${missing.join(", ")}`);
}

/**
 * Looks at all that speaks against a wish; changes nothing. The disk stays open and locked with `owned`.
 * @throws {TowerError} with every reason not to write to the disk
 */
export async function planSetup(
  wish: SetupWish,
  medium: LiveMedium,
  { runner, etc, share }: Pick<Env, "runner" | "etc" | "share">,
  owned: DisposableStack,
): Promise<SetupPlan> {
  requireKnownSettings(wish, share);
  const { home } = requireFreeName(wish.settings.username, readText(`${etc}/passwd`, LIMIT));
  const disk = await findDisk(runner, wish.disk);
  const reasons = reasonsAgainst(disk, medium);
  if (reasons.length > 0) throw refused(disk, reasons.join("; "));
  const layout = layoutOf(disk.size, medium.root.size);
  const opened = owned.use(openDevice(disk.path, disk.number));
  const state = stateOf(disk.path);
  if (state.kind === "used" && !wish.erase) {
    throw refused(
      disk,
      `there is ${state.what} on it`,
      "erase: true in the answers loses all of that",
    );
  }
  return { wish, disk, opened, state, layout, home };
}

/** What speaks against writing to a disk, whatever is on it. */
export function reasonsAgainst(
  disk: InspectedDevice,
  { device }: Pick<LiveMedium, "device">,
): string[] {
  return disk.number === device.number
    ? ["it is the medium that this machine was started from"]
    : refusals(disk, { size: 0, allowFixed: true });
}

function refused(disk: InspectedDevice, reason: string, hint?: string): TowerError {
  const message = `Cannot write to ${describeDevice(disk)}: ${reason}`;
  return new TowerError("conflict", message, hint === undefined ? {} : { hint });
}

/** What is on a disk. @throws {TowerError} where it cannot be read */
export function stateOf(path: string): DiskState {
  using disk = openDisk(path, "read");
  return diskState(disk);
}

function requireKnownSettings({ settings }: SetupWish, share: string): void {
  const faults = placeFaults(settings, share);
  if (faults.length === 0) return;
  throw new TowerError("usage", `Cannot set up a thin client:\n  ${faults.join("\n  ")}`);
}

/** Whether a name is that of somebody else of the system. @param passwd /etc/passwd */
export function isTakenName(name: string, passwd: string): boolean {
  return usersIn(passwd).some(([user, , uid]) => user === name && uid !== String(USER_ID));
}

function usersIn(passwd: string): readonly (readonly string[])[] {
  return passwd.split("\n").map((line) => line.split(":"));
}

/** @throws {TowerError} `conflict` for the name of somebody else of the system */
function requireFreeName(name: string, passwd: string): { readonly home: string } {
  if (isTakenName(name, passwd)) {
    throw new TowerError("conflict", `Cannot use "${name}" as username: the system has it already`);
  }
  const [, , , , , home = ""] = usersIn(passwd).find(([, , uid]) => uid === String(USER_ID)) ?? [];
  if (home.startsWith("/")) return { home };
  throw new TowerError(
    "unsupported",
    `Cannot set up a thin client: nobody is user ${USER_ID} here`,
  );
}
