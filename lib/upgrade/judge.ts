import type { SlotSystem } from "../boot/slot_system.ts";
import { TowerError } from "../errors.ts";
import { compareVersions } from "../release/image_name.ts";

/** A system, and the root hash by which no other is taken for it. */
export interface RootedSystem {
  readonly id: SlotSystem;
  readonly rootHash: string;
}

/** What a new system is to the running one. `rebuilt` has the same version, and is another build. */
export type Verdict = "same" | "newer" | "rebuilt" | "older" | "other";

/** A system as it is shown: `thinclient 0.2.0 of 2026-11-28`. */
export function describeSystem({ system, version, epoch }: SlotSystem): string {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  return [system, ...version === undefined ? [] : [version], `of ${date}`].join(" ");
}

/**
 * Compares a new system with the running one, by version and then by time.
 * @param allowOlder whether one that is older, or another system altogether, is taken
 * @throws {TowerError} `conflict` with both where that is not allowed
 */
export function judge(running: RootedSystem, next: RootedSystem, allowOlder: boolean): Verdict {
  if (running.rootHash === next.rootHash) return "same";
  const verdict = compared(running.id, next.id);
  if (allowOlder || (verdict !== "older" && verdict !== "other")) return verdict;
  const why = verdict === "older" ? "older than" : "another system than";
  throw new TowerError(
    "conflict",
    `Cannot upgrade this machine: ${describeSystem(next.id)} is ${why} ` +
      `${describeSystem(running.id)}, which runs`,
    { hint: "--allow-older takes it all the same; nothing was changed" },
  );
}

function compared(running: SlotSystem, next: SlotSystem): Exclude<Verdict, "same"> {
  if (next.system !== running.system) return "other";
  const order = compareVersions(next.version ?? "0", running.version ?? "0") ||
    next.epoch - running.epoch;
  if (order === 0) return "rebuilt";
  return order > 0 ? "newer" : "older";
}
