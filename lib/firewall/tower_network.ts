import type { AddressPlan } from "../address_plan/address_plan.ts";
import { type IpAddress, type IpNetwork, ipNetwork } from "../ip/address.ts";
import type { Link, Machine, Network } from "./network.ts";
import { type Links, positionOf, type Role, rulesetOf } from "./roles.ts";
import type { Chain, FamilyRules, Match, Ruleset } from "./ruleset.ts";

/** A host of a tower. */
export interface TowerHost {
  readonly name: string;
  readonly role: Exclude<Role, "thinclient">;
  readonly address: IpAddress;
}

/** The router's place in the network of its Wi-Fi, and who stands there for the Internet. */
export interface WifiSide {
  readonly network: IpNetwork;
  readonly router: IpAddress;
  readonly internet: IpAddress;
}

/** Names of the machines that are no hosts. */
export const THIN_CLIENT = "thinclient";
export const INTERNET = "internet";

/** Segments: the two switches and the air. */
const SEGMENTS = { online: "online", offline: "offline", wifi: "wifi" } as const;

/**
 * A whole tower as a network in which {@linkcode mayReach} can ask: the thin client, its hosts,
 * and the Internet, which routes to the tower as an attacker on the Wi-Fi would.
 *
 * @param links The same interface for both networks means one cable, so one segment.
 */
export function towerNetwork(
  plan: AddressPlan,
  links: Links,
  hosts: readonly TowerHost[],
  wifi: WifiSide,
): Network {
  const rules = (role: Role) => rulesetOf(positionOf(role, plan, links));
  const isOneCable = links.online === links.offline;
  const segments = { ...SEGMENTS, offline: isOneCable ? SEGMENTS.online : SEGMENTS.offline };
  const link = (name: string, segment: string, network: IpNetwork, address: IpAddress): Link => ({
    name,
    segment,
    addresses: [{ address, network }],
  });
  const { online, offline } = plan;
  const own = [
    link(links.online, segments.online, online.network, online.thinClient),
    link(links.offline, segments.offline, offline.network, offline.thinClient),
  ];
  const thinClient: Machine = {
    name: THIN_CLIENT,
    links: isOneCable
      ? [{ ...own[0]!, addresses: own.flatMap(({ addresses }) => addresses) }]
      : own,
    gateways: {},
    forwards: NO_FORWARDING,
    ruleset: rules("thinclient"),
  };
  const machines = hosts.map(({ name, role, address }): Machine => ({
    name,
    links: role === "offline"
      ? [link("eth0", segments.offline, offline.network, address)]
      : role === "online"
      ? [link(links.online, segments.online, online.network, address)]
      : [
        link(links.online, segments.online, online.network, address),
        link(links.wifi, segments.wifi, wifi.network, wifi.router),
      ],
    gateways: role === "router"
      ? { ipv4: wifi.internet }
      : role === "online"
      ? { ipv4: online.router }
      : {},
    forwards: { ...NO_FORWARDING, ipv4: role === "router" },
    ruleset: rules(role),
  }));
  return [thinClient, ...machines, {
    name: INTERNET,
    links: [link("eth0", segments.wifi, wifi.network, wifi.internet)],
    gateways: { ipv4: wifi.router },
    forwards: NO_FORWARDING,
    ruleset: OPEN_RULESET,
  }];
}

const NO_FORWARDING = { ipv4: false, ipv6: false } as const;

const OPEN_CHAIN: Chain<Match> = { policy: "ACCEPT", rules: [] };
const OPEN_FAMILY: FamilyRules = {
  filter: { input: OPEN_CHAIN, forward: OPEN_CHAIN, output: OPEN_CHAIN },
  masquerade: [],
};
/** A machine without a firewall. */
export const OPEN_RULESET: Ruleset = { ipv4: OPEN_FAMILY, ipv6: OPEN_FAMILY };

/** A network like those that home routers give out. */
export const SAMPLE_WIFI: WifiSide = {
  network: ipNetwork("10.99.0.0/24"),
  router: "10.99.0.2" as IpAddress,
  internet: "10.99.0.1" as IpAddress,
};
