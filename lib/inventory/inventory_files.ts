import { TowerError } from "../errors.ts";
import { compareHosts, type Host, type HostName, type Inventory } from "../fleet/host.ts";
import { configPath, controlFolder, hostFolder, knownHostsPath } from "../fleet/paths.ts";
import { updateConfig, updateKnownHosts } from "../fleet/ssh_files.ts";
import { asIpAddress, type IpAddress } from "../ip/address.ts";
import { hostKeyOf } from "../ssh/known_hosts.ts";
import { hostSettings, parseSshConfig, type SshConfig } from "../ssh/ssh_config.ts";
import { RULES } from "../tower_env/rules.ts";
import { parseTowerEnv } from "../tower_env/tower_env.ts";
import { asByteText, bytesOfText, byteText } from "../files/byte_text.ts";
import { attempt } from "../files/file_error.ts";
import { exists, listDir, removeTree, writeFileAtomic } from "../files/files.ts";
import { readOwnBytes, readOwnText } from "../files/own_file.ts";
import { waitForLock } from "../files/lock_file.ts";
import { privateFolder } from "../files/private_folder.ts";
import { removeStaleFolders } from "../files/session_folder.ts";
import { includeInUserConfig, type UserSshPlace } from "./user_ssh_config.ts";
import { syncFolder } from "../files/whole_file.ts";

/** Most bytes of a file of an inventory. */
const LIMIT = 1 << 20;
const KEY_TYPES = ["ed25519", "ecdsa", "rsa"] as const;

/** Where an inventory lies and who waits for it. */
export interface InventoryPlace extends UserSshPlace {
  readonly signal: AbortSignal;
}

/** `~/.local/tower` of a user. */
export function inventoryPlace(home: string, signal: AbortSignal): InventoryPlace {
  return { folder: `${home}/.local/tower`, sshFolder: `${home}/.ssh`, signal };
}

/**
 * Reads all hosts. What a killed `tower` left half done is finished or taken back first. On a disk
 * that is full or read-only nobody changes an inventory, and one that is whole is read all the same.
 * @throws {TowerError} `permission` and the like; a host's own faults are in `broken`.
 */
export async function readInventory(place: InventoryPlace): Promise<Inventory> {
  if (!exists(place.folder)) return { hosts: [], broken: [] };
  try {
    return await locked(place, () => readInventoryLocked(place));
  } catch (error) {
    const isUnwritable = error instanceof TowerError &&
      ["permission", "no-space"].includes(error.code);
    if (!isUnwritable || isUnsettled(place)) throw error;
    return readInventoryLocked(place);
  }
}

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

/** Whether a change was begun, and is not done. */
function isUnsettled(place: InventoryPlace): boolean {
  return exists(markerPath(place)) ||
    [`${place.folder}/pending`, `${place.folder}/removed`].some((path) => namesIn(path).length > 0);
}

/** Where hosts are made before they are in force. */
export function stagingFolder({ folder }: InventoryPlace): string {
  return `${folder}/staging`;
}

/** Is there from the first change of a commit to its last. */
function markerPath({ folder }: InventoryPlace): string {
  return `${folder}/unsettled`;
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
  file: "tower.env" | "world" | "package_sources",
  bytes: Uint8Array,
): void {
  writeFileAtomic(`${hostFolder(place, name)}/${file}`, bytes, 0o600);
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
        writeFileAtomic(`${pending}/world`, readOwnBytes(`${current}/world`, LIMIT), 0o600);
      }
      setAside(place, name);
      privateFolder(`${folder}/hosts`);
      Deno.renameSync(pending, current);
      syncFolder(`${folder}/hosts`);
    }
    const { hosts } = readInventoryLocked(place);
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

/** A file that its user may have written to, in whatever encoding. */
function textIn(path: string): string {
  return exists(path) ? byteText(readOwnBytes(path, LIMIT)) : "";
}

function namesIn(path: string): string[] {
  return exists(path) ? listDir(path) : [];
}

/** All hosts. To be called {@linkcode locked}. */
export function readInventoryLocked(place: InventoryPlace): Inventory {
  const names = namesIn(`${place.folder}/hosts`).sort(compareHosts);
  const config = parseSshConfig(textIn(configPath(place)));
  const hosts: Host[] = [];
  const broken: { name: string; error: TowerError; address?: IpAddress }[] = [];
  for (const name of names) {
    try {
      hosts.push(readHost(place, name, config));
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      const address = addressIn(`${hostFolder(place, name)}/tower.env`);
      broken.push({ name, error: inFolder(name, error), ...(address && { address }) });
    }
  }
  return { hosts, broken };
}

function readHost(place: InventoryPlace, name: string, config: SshConfig): Host {
  const folder = hostFolder(place, name);
  const env = parseTowerEnv(readOwnBytes(`${folder}/tower.env`, LIMIT), "thinclient");
  if (env.hostname !== name) {
    throw new TowerError("malformed", `Cannot use "tower.env": it is of "${env.hostname}"`);
  }
  const hostKeys = KEY_TYPES.map((type) => `${folder}/ssh_host_${type}_key.pub`)
    .filter((path) => exists(path)).map((path) => publicKeyIn(path));
  const port = Number(hostSettings(config, name)?.get("port"));
  const isPort = Number.isInteger(port) && port > 0 && port < 65536;
  return { name: name as HostName, env, hostKeys, ...(isPort && { port }) };
}

function publicKeyIn(path: string): string {
  const line = readOwnText(path, LIMIT).trim().split(" ").slice(0, 2).join(" ");
  if (RULES.PUBLIC_KEY.isGood(line) && hostKeyOf(line)) return line;
  throw new TowerError("malformed", `Cannot read "${path}": it must ${RULES.PUBLIC_KEY.says}`);
}

/** The address that a broken host has all the same: no other may get it. */
function addressIn(path: string): IpAddress | undefined {
  try {
    const text = new TextDecoder().decode(readOwnBytes(path, LIMIT));
    return asIpAddress(/^STATIC_HOST_IP='([0-9.]+)'$/m.exec(text)?.[1] ?? "");
  } catch {
    return undefined;
  }
}

function inFolder(name: string, error: TowerError): TowerError {
  const hint = RULES.HOSTNAME.isGood(name)
    ? "mend or remove its folder in ~/.local/tower/hosts, or provision it with --force"
    : "no host can have that name: remove it from ~/.local/tower/hosts";
  return new TowerError(error.code, `Cannot use host "${name}"`, { cause: error, hint });
}
