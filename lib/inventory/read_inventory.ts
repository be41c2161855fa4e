import { TowerError } from "../errors.ts";
import { attempt } from "../files/file_error.ts";
import { exists } from "../files/files.ts";
import type { Inventory } from "../fleet/host.ts";
import {
  type InventoryPlace,
  isUnsettled,
  namesIn,
  readHosts,
  stagingFolder,
} from "./inventory_reader.ts";

/**
 * Milliseconds for which nobody may have put a host in force or taken one out for an inventory to
 * be read without its lock: file systems tell the time of a change in steps of up to 2 s (FAT).
 */
const QUIET = 3000;

/**
 * Reads all hosts. What a killed `tower` left half done is finished or taken back first. On a disk
 * that is full or read-only nobody changes an inventory, and one that is whole is read all the same.
 *
 * Without the lock, which a mere read need not wait for: a host changes as a whole by a rename in
 * `hosts`, whose time tells of it; all else that is read is one file, written as a whole.
 * @throws {TowerError} `permission` and the like; a host's own faults are in `broken`.
 */
export async function readInventory(place: InventoryPlace): Promise<Inventory> {
  if (!exists(place.folder)) return { hosts: [], broken: [] };
  const inventory = readQuiet(place);
  if (inventory !== undefined) return inventory;
  const { locked } = await import("./inventory_files.ts");
  try {
    return await locked(place, () => readHosts(place));
  } catch (error) {
    const isUnwritable = error instanceof TowerError &&
      ["permission", "no-space"].includes(error.code);
    if (!isUnwritable || isUnsettled(place)) throw error;
    return readHosts(place);
  }
}

/** All hosts, where none was changed for a while, nor is by the end of reading. */
function readQuiet(place: InventoryPlace): Inventory | undefined {
  if (isUnsettled(place) || namesIn(stagingFolder(place)).length > 0) return undefined;
  const before = lastChange(place);
  if (before === undefined || !(Date.now() - before >= QUIET)) return undefined;
  const inventory = readHosts(place);
  // What another computer changed may be seen before its time is, as on NFS.
  return inventory.broken.length === 0 && lastChange(place) === before ? inventory : undefined;
}

/** When a host was last put in force or taken out, in milliseconds; undefined where none ever was. */
function lastChange({ folder }: InventoryPlace): number | undefined {
  if (!exists(`${folder}/hosts`)) return undefined;
  return attempt("look at", folder, () => Deno.statSync(`${folder}/hosts`)).mtime?.getTime();
}
