import { TowerError } from "../errors.ts";

/** Where a system with two slots says what it is, in its tree. */
export const SLOT_SYSTEM = "usr/lib/tower-slot/system";

/** Which build of which system is in a slot. */
export interface SlotSystem {
  readonly system: string;
  /** The manifest's; undefined where it has none. */
  readonly version: string | undefined;
  /** Seconds since 1970 of what is newest in it. */
  readonly epoch: number;
}

/** As the file says it: a line for each. */
export function slotSystemText({ system, version, epoch }: SlotSystem): string {
  const lines = { system, ...(version === undefined ? {} : { version }), epoch };
  return Object.entries(lines).map(([key, value]) => `${key}=${value}\n`).join("");
}

const FORM =
  /^system=([a-z][a-z0-9_-]{0,62})\n(?:version=([0-9A-Za-z][0-9A-Za-z._+]{0,31})\n)?epoch=([0-9]{1,12})\n$/;

/** Reads such a file. @param path for messages @throws {TowerError} `malformed` */
export function parseSlotSystem(text: string, path: string): SlotSystem {
  const [, system, version, epoch] = FORM.exec(text) ?? [];
  if (system !== undefined) return { system, version, epoch: Number(epoch) };
  throw new TowerError("malformed", `Cannot read "${path}": it does not say what the system is`);
}
