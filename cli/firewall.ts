import type { AddressPlan } from "../lib/address_plan/address_plan.ts";
import { TowerError } from "../lib/errors.ts";
import type { Network } from "../lib/firewall/network.ts";
import { type Probe, reach, type Stop } from "../lib/firewall/reach.ts";
import { renderRestore } from "../lib/firewall/restore.ts";
import {
  type Links,
  ONE_CABLE,
  positionOf,
  type Role,
  ROLES,
  rulesetOf,
  TWO_CABLES,
} from "../lib/firewall/roles.ts";
import { INTERNET, SAMPLE_WIFI, THIN_CLIENT, towerNetwork } from "../lib/firewall/tower_network.ts";
import { positionOfHost } from "../lib/fleet/firewall.ts";
import { ONE_CABLE_WARNING } from "../lib/fleet/thin_client_cards.ts";
import type { Inventory } from "../lib/fleet/host.ts";
import { findHost } from "../lib/fleet/host.ts";

import { asIpAddress, contains, familyOf, type IpAddress } from "../lib/ip/address.ts";

export { ONE_CABLE_WARNING };

/** How the thin client is cabled. */
export function linksOf({ oneCable }: { readonly oneCable: boolean }): Links {
  return oneCable ? ONE_CABLE : TWO_CABLES;
}

/** The rules of a role, or of the role that a host has, as iptables-restore takes them. */
export function rulesText(
  subject: string,
  family: "ipv4" | "ipv6",
  inventory: Inventory,
  plan: AddressPlan,
  links: Links,
): string {
  const position = (ROLES as readonly string[]).includes(subject)
    ? positionOf(subject as Role, plan, links)
    : positionOfHost(findHost(inventory, subject, ROLES).env);
  return renderRestore(rulesetOf(position), family);
}

/** What the evaluator says of a question. */
export interface Verdict {
  readonly allowed: boolean;
  readonly why: string;
}

/**
 * Whether a machine may reach another, as the rules have it.
 *
 * @param target `NAME:PORT`, `NAME:PORT/udp`, or `NAME` for ping.
 * @throws {TowerError} `usage`, `not-found`
 */
export function checkReach(
  from: string,
  target: string,
  inventory: Inventory,
  plan: AddressPlan,
  links: Links,
): Verdict {
  const [, to = "", port, protocol = "tcp"] =
    /^([a-z0-9-]+|[0-9.]+)(?::([0-9]{1,5})(?:\/(tcp|udp))?)?$/
      .exec(target) ?? [];
  if (to === "" || port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
    throw new TowerError(
      "usage",
      `Cannot check "${target}": it is not NAME, NAME:PORT or NAME:PORT/udp`,
      { hint: "instead of NAME an IPv4 address will do: no host has another" },
    );
  }
  const hosts = inventory.hosts.map(({ name, env }) => ({
    name,
    role: env.role,
    address: env.address,
  }));
  const network = towerNetwork(plan, links, hosts, SAMPLE_WIFI);
  const { name: source } = endOf(from, network, inventory, plan);
  const { name, address: named } = endOf(to, network, inventory, plan);
  const probe: Probe = port === undefined
    ? { protocol: "icmp", family: "ipv4" }
    : { protocol: protocol as "tcp" | "udp", port: Number(port), family: "ipv4" };
  const addresses = named !== undefined ? [named] : addressesOf(network, name);
  const answers = addresses.map((address) => reach(network, source, address, probe));
  const good = answers.find((a) => a.kind === "answered") ??
    answers.find((a) => a.kind === "delivered");
  if (good?.kind === "answered") return { allowed: true, why: "it arrives and is answered" };
  const stop = (good ?? answers[0])!;
  const where = stop.kind === "answered" ? "" : placeOf(stop.stop, network, plan);
  return good
    ? { allowed: true, why: `it arrives; the answer is stopped at ${where}` }
    : { allowed: false, why: `stopped at ${where}` };
}

/**
 * The machine that a name or an address means. An address that is in neither network is the
 * Internet's.
 */
function endOf(
  text: string,
  network: Network,
  inventory: Inventory,
  plan: AddressPlan,
): { readonly name: string; readonly address?: IpAddress } {
  if (text === THIN_CLIENT || text === INTERNET) return { name: text };
  const address = asIpAddress(text);
  if (address === undefined) {
    return { name: findHost(inventory, text, [THIN_CLIENT, INTERNET]).name };
  }
  const machine = network.find(({ name }) => addressesOf(network, name).includes(address));
  if (machine) return { name: machine.name, address };
  for (const side of ["online", "offline"] as const) {
    if (familyOf(address) !== "ipv4" || !contains(plan[side].network, address)) continue;
    throw new TowerError(
      "not-found",
      `Cannot check "${text}": no host has that address of the ${side} network`,
      { hint: "tower list shows the addresses of all hosts" },
    );
  }
  return { name: INTERNET };
}

/** Where a packet ended, in words that its user knows: the Wi-Fi's addresses are of the model alone. */
function placeOf({ machine, by, address }: Stop, network: Network, plan: AddressPlan): string {
  if (address === undefined) return `${machine}: ${by}`;
  const name = network.find(({ name }) => addressesOf(network, name).includes(address))?.name ??
    (address === plan.online.router ? "router" : undefined);
  const isOfModel = address === SAMPLE_WIFI.internet || address === SAMPLE_WIFI.router;
  const shown = name === undefined ? address : isOfModel ? name : `${name} (${address})`;
  return `${machine}: ${by} ${shown}`;
}

function addressesOf(network: Network, name: string): IpAddress[] {
  return network.find((machine) => machine.name === name)!.links
    .flatMap((link) => link.addresses.map((own) => own.address));
}
