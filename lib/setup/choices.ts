import { describeDevice, inspectDevice, type InspectedDevice, listDisks } from "../disk/devices.ts";
import { serialOf } from "../disk/serial.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { exists, isFolder, listDir, readText } from "../files/files.ts";
import { zoneNames } from "../locale/names.ts";
import { layoutsOf } from "../provision/known_place.ts";
import { answerFault } from "./answers.ts";
import type { DiskState } from "./disk_state.ts";
import { layoutOf } from "./layout.ts";
import type { LiveMedium } from "./live_medium.ts";
import { reasonsAgainst, stateOf } from "./plan.ts";

/** A disk that may be taken. */
export interface DiskChoice {
  readonly disk: InspectedDevice;
  readonly state: DiskState;
}

export interface DiskChoices {
  readonly offered: readonly DiskChoice[];
  /** The others, each with what speaks against it. */
  readonly refused: readonly string[];
}

/** All disks of this machine, those that cannot be taken with the reason. */
export async function diskChoices(
  medium: Pick<LiveMedium, "device" | "root">,
  { runner }: Pick<Env, "runner">,
): Promise<DiskChoices> {
  const offered: DiskChoice[] = [];
  const refused: string[] = [];
  for (const { path, ...rest } of await listDisks(runner)) {
    try {
      const serial = serialOf({ path, ...rest });
      const disk = { ...await inspectDevice(runner, path), serial };
      const reasons = reasonsAgainst(disk, medium);
      if (reasons.length > 0) refused.push(`${describeDevice(disk)}: ${reasons.join("; ")}`);
      else {
        layoutOf(disk.size, medium.root.size);
        offered.push({ disk, state: stateOf(path) });
      }
    } catch (error) {
      // It was taken out meanwhile, is too small, or cannot be read.
      if (!(error instanceof TowerError)) throw error;
      refused.push(`${path}: ${error.message}`);
    }
  }
  return { offered, refused };
}

/** What a medium has, and what its system knows. */
export interface PlaceChoices {
  /** undefined where the medium has no list of them. */
  readonly keyboards: readonly Keyboard[] | undefined;
  readonly zones: readonly string[];
  /** /etc/passwd. */
  readonly passwd: string;
}

export interface Keyboard {
  readonly layout: string;
  readonly variant: string;
}

/** What can be chosen on this machine, but its disks. */
export function placeChoices({ etc, share }: Pick<Env, "etc" | "share">): PlaceChoices {
  const database = `${share}/zoneinfo`;
  const zones = zoneNames();
  return {
    keyboards: keyboardsIn(share),
    zones: isFolder(database) ? zones.filter((zone) => exists(`${database}/${zone}`)) : zones,
    passwd: exists(`${etc}/passwd`) ? readText(`${etc}/passwd`, 1 << 20) : "",
  };
}

/** Those of Alpine's console by layout and variant, else the layouts of X. */
function keyboardsIn(share: string): readonly Keyboard[] | undefined {
  const folder = `${share}/bkeymaps`;
  const keyboards = !isFolder(folder)
    ? layoutsOf(share)?.map((layout) => ({ layout, variant: layout }))
    : listDir(folder).flatMap((layout) =>
      listDir(`${folder}/${layout}`).flatMap((file) => {
        const variant = /^(.+)\.bmap\.gz$/.exec(file)?.[1];
        return variant === undefined ? [] : [{ layout, variant }];
      })
    );
  return keyboards?.filter(({ layout, variant }) =>
    answerFault("keyboard-layout", layout) === undefined &&
    answerFault("keyboard-variant", variant) === undefined
  ).sort((a, b) => order(a.layout, b.layout) || order(a.variant, b.variant));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
