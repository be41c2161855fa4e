import {
  contains,
  type Family,
  familyOf,
  type IpAddress,
  type IpNetwork,
  prefixOf,
} from "../ip/address.ts";
import type { Ruleset } from "./ruleset.ts";

/** An interface of a machine. */
export interface Link {
  readonly name: string;
  /** The switch, or the air, that it is plugged into. */
  readonly segment: string;
  readonly addresses: readonly { readonly address: IpAddress; readonly network: IpNetwork }[];
}

/** A machine as its neighbours meet it. */
export interface Machine {
  readonly name: string;
  readonly links: readonly Link[];
  readonly gateways: Partial<Readonly<Record<Family, IpAddress>>>;
  /** Whether it passes on packets of others, per family. */
  readonly forwards: Readonly<Record<Family, boolean>>;
  readonly ruleset: Ruleset;
}

/** Machines; those with links on the same segment hear each other. */
export type Network = readonly Machine[];

/** The next step of a packet: out by a link, to a neighbour's address. */
export interface Route {
  readonly link: Link;
  readonly neighbour: IpAddress;
}

/** The machine and link that hold an address on a segment. */
export function holderOf(
  network: Network,
  segment: string,
  address: IpAddress,
): { machine: Machine; link: Link } | undefined {
  for (const machine of network) {
    // Linux answers on a link for the addresses of its other links too; link-local ones excepted.
    if (!owns(machine, address)) continue;
    const links = machine.links.filter((link) => link.segment === segment);
    const link = isLinkLocal(address)
      ? links.find(({ addresses }) => addresses.some((a) => a.address === address))
      : links[0];
    if (link) return { machine, link };
  }
  return undefined;
}

export function owns(machine: Machine, address: IpAddress): boolean {
  return machine.links.some((link) => link.addresses.some((a) => a.address === address));
}

/**
 * Where a machine sends packets for an address: the link whose network fits best, among equal
 * ones that where the address is; else the gateway.
 */
export function routeTo(
  network: Network,
  machine: Machine,
  address: IpAddress,
): Route | undefined {
  const near = machine.links
    .flatMap((link) => link.addresses.map((own) => ({ link, own })))
    .filter(({ own }) => contains(own.network, address))
    .sort((a, b) => prefixOf(b.own.network) - prefixOf(a.own.network));
  const best = near.find(({ link }) => holderOf(network, link.segment, address)) ?? near[0];
  if (best) return { link: best.link, neighbour: address };
  const gateway = machine.gateways[familyOf(address)];
  return gateway === undefined || gateway === address
    ? undefined
    : routeTo(network, machine, gateway);
}

/** The address that a machine writes as the source of what leaves by a route. */
export function sourceFor({ link, neighbour }: Route): IpAddress | undefined {
  const sameFamily = link.addresses.filter((own) => familyOf(own.address) === familyOf(neighbour));
  const near = sameFamily.find((own) => contains(own.network, neighbour)) ?? sameFamily[0];
  return near?.address;
}

function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address);
}
