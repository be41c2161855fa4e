import type { Brand } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { IpAddress } from "../ip/address.ts";
import { didYouMean } from "../report/did_you_mean.ts";
import { RULES } from "../tower_env/rules.ts";
import type { TowerEnv } from "../tower_env/tower_env.ts";

/** A name that obeys tower.env's rule for HOSTNAME: nothing in it means anything to a shell or path. */
export type HostName = Brand<string, "HostName">;

/** A host as the thin client knows it. */
export interface Host {
  readonly name: HostName;
  readonly env: TowerEnv;
  /** Lines of the public keys that its sshd may show; empty where none are known. */
  readonly hostKeys: readonly string[];
  /** The port that the user's configuration gives it, where that is not SSH's own. */
  readonly port?: number;
}

/** A folder in the inventory that cannot be used, and why. */
export interface BrokenHost {
  readonly name: string;
  readonly error: TowerError;
  /** The address that it has all the same. */
  readonly address?: IpAddress;
}

/** All hosts at one moment. */
export interface Inventory {
  readonly hosts: readonly Host[];
  readonly broken: readonly BrokenHost[];
}

/** @throws {TowerError} `usage` with the rule that a name breaks. */
export function hostName(text: string): HostName {
  if (RULES.HOSTNAME.isGood(text)) return text as HostName;
  throw new TowerError(
    "usage",
    `Cannot name a host "${text.slice(0, 40)}": a name must ${RULES.HOSTNAME.says}`,
  );
}

/** The router first, then by name: TowerOS' order. */
export function compareHosts(a: string, b: string): number {
  return Number(b === "router") - Number(a === "router") || compareBytes(a, b);
}

/**
 * A host by its name.
 * @param others What might have stood there instead of a host.
 * @throws {TowerError} `not-found`; what is wrong with its files, where they are broken.
 */
export function findHost(
  inventory: Inventory,
  name: string,
  others: readonly string[] = [],
): Host {
  const host = inventory.hosts.find((h) => h.name === name);
  if (host) return host;
  const broken = inventory.broken.find((h) => h.name === name);
  if (broken) throw broken.error;
  const known = inventory.hosts.map((h) => h.name).join(", ");
  const meant = didYouMean(name, [...inventory.hosts.map((h) => h.name), ...others]);
  throw new TowerError(
    "not-found",
    `Cannot find host "${name.slice(0, 40)}": there is none${meant}`,
    { hint: known === "" ? "Make one with: tower provision NAME" : `Known hosts: ${known}` },
  );
}

/** The hosts that are asked for, all by default. Hosts named twice count once. */
export function chooseHosts(inventory: Inventory, names: readonly string[]): readonly Host[] {
  if (names.length === 0) return inventory.hosts;
  const chosen = names.map((name) => findHost(inventory, name));
  return inventory.hosts.filter((host) => chosen.includes(host));
}

/** Another host with the same address: no more than one of them can be reached. */
export function twinOf({ hosts, broken }: Inventory, host: Host): string | undefined {
  const isTwin = (name: string, address: IpAddress | undefined) =>
    name !== host.name && address === host.env.address;
  return hosts.find(({ name, env }) => isTwin(name, env.address))?.name ??
    broken.find(({ name, address }) => isTwin(name, address))?.name;
}
