import { TOWER_PLAN } from "../../../lib/address_plan/address_plan.ts";
import type { Machine, Network } from "../../../lib/firewall/network.ts";
import { TWO_CABLES } from "../../../lib/firewall/roles.ts";
import {
  INTERNET,
  SAMPLE_WIFI,
  type TowerHost,
  towerNetwork,
} from "../../../lib/firewall/tower_network.ts";
import { ipAddress, ipNetwork } from "../../../lib/ip/address.ts";

/** Two of each kind, so that they can try each other. */
export const HOSTS: readonly TowerHost[] = [
  { name: "router", role: "router", address: TOWER_PLAN.online.router },
  { name: "on1", role: "online", address: ipAddress("192.168.2.200") },
  { name: "on2", role: "online", address: ipAddress("192.168.2.201") },
  { name: "off1", role: "offline", address: ipAddress("192.168.3.200") },
  { name: "off2", role: "offline", address: ipAddress("192.168.3.201") },
];

const IPV6_NETWORKS: Readonly<Record<string, string>> = {
  online: "fd00:2::",
  offline: "fd00:3::",
  wifi: "fd00:9::",
};

/** The tower, with IPv6 wherever an attacker could have put it, forwarding and routes included. */
export const TOWER: Network = towerNetwork(TOWER_PLAN, TWO_CABLES, HOSTS, SAMPLE_WIFI)
  .map((machine, i): Machine => ({
    ...machine,
    links: machine.links.map((link, j) => {
      const [prefix, own] = [IPV6_NETWORKS[link.segment]!, `${i + 1}${j || ""}`];
      return {
        ...link,
        addresses: [...link.addresses, {
          address: ipAddress(`${prefix}${own}`),
          network: ipNetwork(`${prefix}/64`),
        }, { address: ipAddress(`fe80::${own}`), network: ipNetwork("fe80::/64") }],
      };
    }),
    gateways: machine.name === "router"
      ? { ...machine.gateways, ipv6: ipAddress("fd00:9::7") }
      : machine.gateways.ipv4 === TOWER_PLAN.online.router
      ? { ...machine.gateways, ipv6: ipAddress("fd00:2::2") }
      : machine.name === INTERNET
      ? { ...machine.gateways, ipv6: ipAddress("fd00:9::21") }
      : {},
    forwards: { ipv4: machine.forwards.ipv4, ipv6: machine.forwards.ipv4 },
  }));
