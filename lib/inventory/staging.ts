import { type AddressPlan, allocateAddress } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import type { HostName, Inventory } from "../fleet/host.ts";
import { asIpAddress, type IpAddress } from "../ip/address.ts";
import { exists, listDir, readText, writeFileAtomic } from "../files/files.ts";
import { locked } from "./inventory_files.ts";
import { type InventoryPlace, readHosts, stagingFolder } from "./inventory_reader.ts";
import { privateFolder } from "../files/private_folder.ts";
import { SessionFolder } from "../files/session_folder.ts";

/** Where a host's files are made before they are in force; goes away with its owner. */
export interface Staging extends Disposable {
  readonly name: HostName;
  /** The host's folder to be. */
  readonly folder: string;
  /** An address that no other host has, nor any that is being provisioned now. */
  readonly address: IpAddress;
}

/**
 * Starts to make a host. Its name and address are taken from now on, also for another `tower`
 * that runs beside this one.
 *
 * @throws {TowerError} `busy` when the host is being provisioned, `limit` when the network is full.
 */
export async function openStaging(
  place: InventoryPlace,
  plan: AddressPlan,
  side: "online" | "offline",
  name: HostName,
): Promise<Staging> {
  return await locked(place, () => {
    const parent = privateFolder(stagingFolder(place));
    const reserved = reservations(parent);
    if (reserved.some((host) => host.name === name)) {
      throw new TowerError("busy", `Cannot provision "${name}": another tower is doing that`);
    }
    const hosts = [...addressesOf(readHosts(place)), ...reserved];
    const address = allocateAddress(plan, side, name, hosts);
    const session = SessionFolder.create(parent);
    writeFileAtomic(
      `${session.path}/reservation`,
      new TextEncoder().encode(`${name} ${address}\n`),
      0o600,
    );
    return {
      name,
      folder: privateFolder(`${session.path}/host`),
      address,
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  });
}

function reservations(parent: string): { name: string; address: IpAddress }[] {
  return listDir(parent).map((entry) => `${parent}/${entry}/reservation`)
    .filter((path) => exists(path)).flatMap((path) => {
      const [name = "", address = ""] = readText(path, 1024).trim().split(" ");
      const known = asIpAddress(address);
      return known ? [{ name, address: known }] : [];
    });
}

/** The addresses that are taken, also by hosts whose files are broken. */
export function addressesOf({ hosts, broken }: Inventory): { name: string; address: IpAddress }[] {
  return [
    ...hosts.map(({ name, env }) => ({ name, address: env.address })),
    ...broken.flatMap(({ name, address }) => address ? [{ name, address }] : []),
  ];
}
