import { TowerError } from "../errors.ts";
import { compareHosts, type Host, type HostName, type Inventory } from "../fleet/host.ts";
import { configPath, hostFolder } from "../fleet/paths.ts";
import { byteText } from "../files/byte_text.ts";
import { exists, listDir } from "../files/files.ts";
import { readOwnBytes, readOwnText } from "../files/own_file.ts";
import { asIpAddress, type IpAddress } from "../ip/address.ts";
import { hostKeyOf } from "../ssh/known_hosts.ts";
import { hostSettings, parseSshConfig, type SshConfig } from "../ssh/ssh_config.ts";
import { RULES } from "../tower_env/rules.ts";
import { parseTowerEnv } from "../tower_env/tower_env.ts";
import type { UserSshPlace } from "./user_ssh_config.ts";

/** Most bytes of a file of an inventory. */
export const FILE_LIMIT = 1 << 20;
const MARKER = "unsettled";
const KEY_TYPES = ["ed25519", "ecdsa", "rsa"] as const;

/** Where an inventory lies and who waits for it. */
export interface InventoryPlace extends UserSshPlace {
  readonly signal: AbortSignal;
}

/** `~/.local/tower` of a user. */
export function inventoryPlace(home: string, signal: AbortSignal): InventoryPlace {
  return { folder: `${home}/.local/tower`, sshFolder: `${home}/.ssh`, signal };
}

/** Where hosts are made before they are in force. */
export function stagingFolder({ folder }: InventoryPlace): string {
  return `${folder}/staging`;
}

/** Is there from the first change of a commit to its last. */
export function markerPath({ folder }: InventoryPlace): string {
  return `${folder}/${MARKER}`;
}

/** Whether a change was begun, and is not done. */
export function isUnsettled({ folder }: InventoryPlace): boolean {
  const names = listDir(folder);
  return names.includes(MARKER) ||
    ["pending", "removed"].some((name) =>
      names.includes(name) && listDir(`${folder}/${name}`).length > 0
    );
}

/** All hosts, of an inventory that nobody changes meanwhile. */
export function readHosts(place: InventoryPlace): Inventory {
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
  const env = parseTowerEnv(readOwnBytes(`${folder}/tower.env`, FILE_LIMIT), "thinclient");
  if (env.hostname !== name) {
    throw new TowerError("malformed", `Cannot use "tower.env": it is of "${env.hostname}"`);
  }
  const files = listDir(folder);
  const hostKeys = KEY_TYPES.map((type) => `ssh_host_${type}_key.pub`)
    .filter((file) => files.includes(file)).map((file) => publicKeyIn(`${folder}/${file}`));
  const port = Number(hostSettings(config, name)?.get("port"));
  const isPort = Number.isInteger(port) && port > 0 && port < 65536;
  return { name: name as HostName, env, hostKeys, ...(isPort && { port }) };
}

function publicKeyIn(path: string): string {
  const line = readOwnText(path, FILE_LIMIT).trim().split(" ").slice(0, 2).join(" ");
  if (RULES.PUBLIC_KEY.isGood(line) && hostKeyOf(line)) return line;
  throw new TowerError("malformed", `Cannot read "${path}": it must ${RULES.PUBLIC_KEY.says}`);
}

/** The address that a broken host has all the same: no other may get it. */
export function addressIn(path: string): IpAddress | undefined {
  try {
    const text = new TextDecoder().decode(readOwnBytes(path, FILE_LIMIT));
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

/** A file that its user may have written to, in whatever encoding. */
export function textIn(path: string): string {
  return exists(path) ? byteText(readOwnBytes(path, FILE_LIMIT)) : "";
}

export function namesIn(path: string): string[] {
  return exists(path) ? listDir(path) : [];
}
