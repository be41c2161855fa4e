import { type HostPrograms, MENU_FILE, menuFiles } from "../../lib/desktop/host_menu.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { exists, removeTree, writeFileAtomic } from "../../lib/files/files.ts";
import { readOwnIfThere } from "../../lib/files/own_file.ts";
import { menuListPath } from "../../lib/fleet/paths.ts";
import { locked } from "../../lib/inventory/inventory_files.ts";
import { type InventoryPlace, readHosts } from "../../lib/inventory/inventory_reader.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { keptPrograms } from "./keep_programs.ts";

/** Most bytes of the list, and of a file that may be one of ours. */
const LIST_LIMIT = 4 << 20;

/** What writing the menu changes: paths below the data folder, and what its hosts have. */
export interface MenuChange {
  readonly hosts: readonly HostPrograms[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** Somebody else's: they stay as they are. */
  readonly foreign: readonly string[];
}

/** Where a user's own desktop entries and icons lie. */
export function dataFolder(home: string): string {
  return `${home}/.local/share`;
}

/**
 * Writes the menu entries of all hosts as they are to be, and removes those that are not to be any more:
 * the files of our own list and no others. The list is written first with what was and with what will
 * be, so that a killed `tower` owns what it wrote.
 */
export async function writeMenu(
  place: InventoryPlace,
  folder: string,
  { dryRun, reporter }: { readonly dryRun: boolean; readonly reporter: Reporter },
): Promise<MenuChange> {
  const change = await locked(place, () => {
    const { change, files, owned } = plan(place, folder);
    if (dryRun) return change;
    const mine = new Set(files.keys()).difference(new Set(change.foreign));
    const write = (paths: Iterable<string>) => {
      const lines = [...paths].sort(compareBytes).map((path) => `${path}\n`);
      writeFileAtomic(menuListPath(place), new TextEncoder().encode(lines.join("")), 0o600);
    };
    const both = owned.union(mine);
    if (both.size > owned.size) write(both);
    for (const path of change.written) writeFileAtomic(`${folder}/${path}`, files.get(path)!);
    for (const path of change.removed) removeTree(`${folder}/${path}`);
    if (both.size > mine.size) write(mine);
    return change;
  });
  for (const path of change.foreign) {
    reporter.report({
      type: "warning",
      message: `"${folder}/${path}" is not one of tower's files: it stays as it is`,
    });
  }
  return change;
}

function plan(place: InventoryPlace, folder: string) {
  const all = readHosts(place).hosts.map((host) => ({
    host,
    packages: keptPrograms(place, host.name),
  }));
  const files = menuFiles(all);
  const owned = ownedPaths(place);
  const written: string[] = [], foreign: string[] = [];
  for (const [path, bytes] of files) {
    const isOwn = owned.has(path) || !exists(`${folder}/${path}`);
    if (!isOwn) foreign.push(path);
    else if (!isSame(`${folder}/${path}`, bytes)) written.push(path);
  }
  const removed = [...owned].filter((path) => !files.has(path));
  return { change: { hosts: all, written, removed, foreign }, files, owned };
}

function ownedPaths(place: InventoryPlace): Set<string> {
  const bytes = readOwnIfThere(menuListPath(place), LIST_LIMIT) ?? new Uint8Array();
  const lines = new TextDecoder().decode(bytes).split("\n");
  return new Set(lines.filter((line) => MENU_FILE.test(line)));
}

function isSame(path: string, bytes: Uint8Array): boolean {
  const old = readOwnIfThere(path, LIST_LIMIT);
  return old !== undefined && old.length === bytes.length && old.every((b, i) => b === bytes[i]);
}
