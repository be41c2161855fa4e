import type { IpAddress, IpNetwork } from "../ip/address.ts";
import { renderRestore } from "./restore.ts";
import { type Position, type Role, rulesetOf } from "./roles.ts";

/** The names in tower.env whose values a template wants, each as `@NAME@`. */
export const TEMPLATE_KEYS = ["THIN_CLIENT_IP", "TOWER_NETWORK", "ROUTER_IP"] as const;

/**
 * The IPv4 rules of a host for `iptables-restore`, with places for its addresses: the host image
 * carries one per role, and the first boot fills it from its tower.env without any programming
 * language but its shell's. IPv6 rules have no addresses: {@linkcode renderRestore} gives them.
 */
export function restoreTemplate(role: Exclude<Role, "thinclient">): string {
  const thinClient = "@THIN_CLIENT_IP@" as IpAddress;
  const network = "@TOWER_NETWORK@" as IpNetwork;
  const host = { thinClient, link: "eth0" };
  const positions = {
    offline: { role: "offline", ...host },
    online: { role: "online", ...host, network, router: "@ROUTER_IP@" as IpAddress },
    router: { role: "router", ...host, network, uplink: "wlan0" },
  } as const satisfies Record<typeof role, Position>;
  return renderRestore(rulesetOf(positions[role]), "ipv4");
}
