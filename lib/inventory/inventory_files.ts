import { configPath, controlFolder, hostFolder, knownHostsPath } from "../fleet/paths.ts";
import type { HostName, Inventory } from "../fleet/host.ts";
import { updateConfig, updateKnownHosts } from "../fleet/ssh_files.ts";
import { asByteText, bytesOfText } from "../files/byte_text.ts";
import { attempt } from "../files/file_error.ts";
import { exists, listDir, removeTree, writeFileAtomic } from "../files/files.ts";
import { readOwnBytes } from "../files/own_file.ts";
import { waitForLock } from "../files/lock_file.ts";
import { privateFolder } from "../files/private_folder.ts";
import { removeStaleFolders } from "../files/session_folder.ts";
import { removeUnfinished, syncFolder } from "../files/whole_file.ts";
import {
  addressIn,
  FILE_LIMIT,
  type InventoryPlace,
  isUnsettled,
  markerPath,
  namesIn,
  readHosts,
  stagingFolder,
  textIn,
} from "./inventory_reader.ts";
import { includeInUserConfig } from "./user_ssh_config.ts";

/** Does something while no other `tower` changes the inventory, on one that is whole. */
export async function locked<T>(place: InventoryPlace, work: () => T): Promise<T> {
  privateFolder(place.folder);
  const { signal } = place;
  using _lock = await waitForLock(`${place.folder}/lock`, "tower", { signal, onWait() {} });
  if (isUnsettled(place)) settle(place);
  const staging = stagingFolder(place);
  if (namesIn(staging).length > 0) removeStaleFolders(staging);
  return work();
}

/**
 * Puts a host's staged folder in force, in place of an older one of that name. The rename into
 * `pending` decides: before it nothing has changed, after it every later `tower` completes it.
 * To be called {@linkcode locked}.
 */
export function commitHost(place: InventoryPlace, name: HostName, staged: string): void {
  attempt("write", staged, () => {
    for (const entry of listDir(staged)) {
      const path = `${staged}/${entry}`;
      Deno.chmodSync(path, 0o600);
      using file = Deno.openSync(path);
      file.syncSync();
    }
    syncFolder(staged);
    const pending = privateFolder(`${place.folder}/pending`);
    Deno.renameSync(staged, `${pending}/${name}`);
    syncFolder(pending);
  });
  settle(place);
}

/** Takes a host out of force. To be called {@linkcode locked}. */
export function removeHost(place: InventoryPlace, name: HostName): void {
  setAside(place, name);
  settle(place);
}

/** Writes one file of a host anew. To be called {@linkcode locked}. */
export function writeHostFile(
  place: InventoryPlace,
  name: HostName,
  file: "tower.env" | "world" | "package_sources" | "programs",
  bytes: Uint8Array,
): void {
  const folder = hostFolder(place, name);
  // Of a file that is seldom written, what a killed one left would lie there for long.
  if (exists(folder)) removeUnfinished(folder);
  writeFileAtomic(`${folder}/${file}`, bytes, 0o600);
}

/** Makes sure that ssh finds the keys of all hosts, as an inventory of TowerOS has no such file. */
export async function ensureKnownHosts(place: InventoryPlace, { hosts }: Inventory) {
  const path = knownHostsPath(place);
  if (textIn(path) === updateKnownHosts(textIn(path), hosts, [])) return;
  await locked(place, () => rewrite(path, (text) => updateKnownHosts(text, hosts, [])));
}

/** Each part may be done twice, and the order holds wherever it is cut off. */
function settle(place: InventoryPlace): void {
  const { folder } = place;
  attempt("change", folder, () => {
    writeFileAtomic(markerPath(place), new Uint8Array(), 0o600);
    for (const name of namesIn(`${folder}/pending`)) {
      const pending = `${folder}/pending/${name}`;
      const current = hostFolder(place, name);
      if (exists(`${current}/world`) && !exists(`${pending}/world`)) {
        writeFileAtomic(`${pending}/world`, readOwnBytes(`${current}/world`, FILE_LIMIT), 0o600);
      }
      setAside(place, name);
      privateFolder(`${folder}/hosts`);
      Deno.renameSync(pending, current);
      syncFolder(`${folder}/hosts`);
    }
    const { hosts } = readHosts(place);
    const removed = namesIn(`${folder}/removed`);
    const gone = removed.map((entry) => goneHost(`${folder}/removed`, entry))
      .filter(({ name }) => !exists(hostFolder(place, name)));
    rewrite(knownHostsPath(place), (text) => updateKnownHosts(text, hosts, gone));
    const inBytes = { folder: asByteText(folder) };
    rewrite(configPath(place), (text) => updateConfig(text, inBytes, hosts, gone));
    privateFolder(controlFolder(place));
    includeInUserConfig(place);
    for (const entry of removed) removeTree(`${folder}/removed/${entry}`);
    removeTree(markerPath(place));
  });
}

function setAside(place: InventoryPlace, name: string): void {
  const current = hostFolder(place, name);
  if (!exists(current)) return;
  const removed = privateFolder(`${place.folder}/removed`);
  let n = 0;
  while (exists(`${removed}/${name}.${n}`)) n++;
  attempt("remove", current, () => Deno.renameSync(current, `${removed}/${name}.${n}`));
}

function goneHost(removed: string, entry: string) {
  const address = addressIn(`${removed}/${entry}/tower.env`);
  return { name: entry.split(".")[0]!, ...(address && { address }) };
}

function rewrite(path: string, change: (text: string) => string): void {
  const before = textIn(path);
  const after = change(before);
  if (after === before && exists(path)) return;
  // A link to a file elsewhere stays one.
  const real = exists(path) ? attempt("read", path, () => Deno.realPathSync(path)) : path;
  writeFileAtomic(real, bytesOfText(after), 0o600);
}
