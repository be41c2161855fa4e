import type { AddressPlan } from "../address_plan/address_plan.ts";
import { type IpAddress, type IpNetwork, ipNetwork, networkOf } from "../ip/address.ts";
import type { FamilyRules, FilterTable, ProtocolMatch, Rule, Ruleset } from "./ruleset.ts";

export const ROLES = ["thinclient", "router", "online", "offline"] as const;
export type Role = (typeof ROLES)[number];

/** Interfaces by what they are plugged into. */
export interface Links {
  /** Of the thin client, the router and online hosts. */
  readonly online: string;
  /** Of the thin client. */
  readonly offline: string;
  /** Of the router. */
  readonly wifi: string;
}

/** A thin client with a cable to each switch. */
export const TWO_CABLES: Links = { online: "eth0", offline: "eth1", wifi: "wlan0" };
/** Both networks on one switch: only the hosts' own firewalls keep them apart. */
export const ONE_CABLE: Links = { online: "eth0", offline: "eth0", wifi: "wlan0" };

/** A role with all that its rules must know. */
export type Position =
  | {
    readonly role: "thinclient";
    readonly hosts: readonly { readonly network: IpNetwork; readonly link: string }[];
  }
  | HostPosition & { readonly role: "offline" }
  | HostPosition & {
    readonly role: "online";
    readonly network: IpNetwork;
    readonly router: IpAddress;
  }
  | HostPosition & {
    readonly role: "router";
    readonly network: IpNetwork;
    /** The interface of the Wi-Fi side. */
    readonly uplink: string;
  };

interface HostPosition {
  /** The interface on the tower's own network. */
  readonly link: string;
  readonly thinClient: IpAddress;
}

/** Where a role stands in a tower. An offline host has one cable, in `eth0`. */
export function positionOf(role: Role, plan: AddressPlan, links: Links): Position {
  const { network, thinClient, router } = plan.online;
  switch (role) {
    case "thinclient":
      return {
        role,
        hosts: [
          { network, link: links.online },
          { network: plan.offline.network, link: links.offline },
        ],
      };
    case "router":
      return { role, network, thinClient, link: links.online, uplink: links.wifi };
    case "online":
      return { role, network, thinClient, router, link: links.online };
    case "offline":
      return { role, thinClient: plan.offline.thinClient, link: "eth0" };
  }
}

const SSH: ProtocolMatch = { name: "tcp", port: 22 };

/** What online hosts may ask of the router: names, time, and the Tor proxy. */
export const ROUTER_SERVICES: readonly ProtocolMatch[] = [
  { name: "udp", port: 53 },
  { name: "tcp", port: 53 },
  { name: "udp", port: 123 },
  { name: "tcp", port: 9050 },
];

/** Multicast, reserved, and the broadcast to all on a cable (RFC 1112, RFC 919). */
const GROUPS = ipNetwork("224.0.0.0/3");

const accept = <M>(match: M) => ({ match, verdict: "ACCEPT" as const });
const drop = <M>(match: M) => ({ match, verdict: "DROP" as const });
const NEW = ["NEW"] as const;

/**
 * The rules of a role. Every chain drops what no rule accepts, for IPv4 and IPv6; nobody but
 * the thin client opens a connection to a host, and only for SSH.
 */
export function rulesetOf(position: Position): Ruleset {
  return { ipv4: ipv4Rules(position), ipv6: IPV6_RULES };
}

/**
 * Nothing in a tower speaks IPv6, so only the loopback does. That stops neighbour discovery and
 * with it every link-local packet.
 */
const IPV6_RULES: FamilyRules = {
  filter: filterTable({ input: [], forward: [], output: [] }),
  masquerade: [],
};

function ipv4Rules(position: Position): FamilyRules {
  const masquerade = position.role === "router"
    ? [{ source: position.network, out: position.uplink }]
    : [];
  return { filter: ipv4Filter(position), masquerade };
}

function ipv4Filter(position: Position): FilterTable {
  if (position.role === "thinclient") {
    const output = position.hosts.map(({ network, link }) =>
      accept({ destination: network, out: link, protocol: SSH, states: NEW })
    );
    return filterTable({ input: [], forward: [], output }, "tracked");
  }
  const { link, thinClient } = position;
  const ssh = accept({ source: networkOf(thinClient), in: link, protocol: SSH, states: NEW });
  switch (position.role) {
    case "offline":
      return filterTable({ input: [ssh], forward: [], output: [] }, "tracked");
    case "online": {
      const destination = networkOf(position.router);
      const services = ROUTER_SERVICES.map((protocol) =>
        accept({ destination, out: link, protocol, states: NEW })
      );
      const output = [
        ...services,
        drop({ destination: position.network }),
        drop({ destination: GROUPS }),
        accept({ out: link, states: NEW }),
      ];
      return filterTable({ input: [ssh], forward: [], output }, "tracked");
    }
    case "router": {
      const { network: source, uplink } = position;
      const services = ROUTER_SERVICES.map((protocol) =>
        accept({ source, in: link, protocol, states: NEW })
      );
      return filterTable({
        input: [ssh, ...services],
        // The thin client reaches the Internet through its own SSH tunnels alone.
        forward: [
          drop({ source: networkOf(thinClient), states: NEW }),
          accept({ source, in: link, out: uplink, states: NEW }),
        ],
        output: [accept({ out: uplink, states: NEW })],
      }, "tracked");
    }
  }
}

type Rules = { [Name in keyof FilterTable]: FilterTable[Name]["rules"] };

/** Adds what every role begins with: the loopback, then what belongs to known connections. */
function filterTable(rules: Rules, connections: "tracked" | "none" = "none"): FilterTable {
  const known: Rule<{ states: readonly ["RELATED", "ESTABLISHED"] }>[] = connections === "tracked"
    ? [accept({ states: ["RELATED", "ESTABLISHED"] as const })]
    : [];
  return {
    input: { policy: "DROP", rules: [accept({ in: "lo" }), ...known, ...rules.input] },
    forward: {
      policy: "DROP",
      rules: rules.forward.length > 0 ? [...known, ...rules.forward] : [],
    },
    output: { policy: "DROP", rules: [accept({ out: "lo" }), ...known, ...rules.output] },
  };
}
