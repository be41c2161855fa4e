import type { Family, IpNetwork } from "../ip/address.ts";

/** What connection tracking says of a packet (iptables-extensions(8), conntrack). */
export type ConnectionState = "INVALID" | "NEW" | "RELATED" | "ESTABLISHED" | "UNTRACKED";

/** The protocol of a packet, with the one thing about it that a rule may ask for. */
export type ProtocolMatch =
  | { readonly name: "tcp"; readonly port?: number | PortRange }
  | { readonly name: "udp"; readonly port?: number | PortRange }
  | { readonly name: "icmp"; readonly type?: number }
  | { readonly name: "icmpv6"; readonly type?: number };

/** Destination ports, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What a rule asks for in every chain; all that is given must fit. */
export interface Match {
  readonly source?: IpNetwork;
  readonly destination?: IpNetwork;
  readonly protocol?: ProtocolMatch;
  readonly states?: readonly [ConnectionState, ...ConnectionState[]];
}

/** INPUT knows no interface that a packet leaves by, OUTPUT none that it came from. */
export interface ArrivingMatch extends Match {
  readonly in?: string;
}
export interface LeavingMatch extends Match {
  readonly out?: string;
}
export interface PassingMatch extends ArrivingMatch, LeavingMatch {}

export type Verdict = "ACCEPT" | "DROP";

export interface Rule<M extends Match> {
  readonly match: M;
  readonly verdict: Verdict;
}

/** Rules in order; the first that fits decides, else the policy. */
export interface Chain<M extends Match> {
  readonly policy: Verdict;
  readonly rules: readonly Rule<M>[];
}

export interface FilterTable {
  readonly input: Chain<ArrivingMatch>;
  readonly forward: Chain<PassingMatch>;
  readonly output: Chain<LeavingMatch>;
}

/** Connections that leave by `out` get that interface's address as their source. */
export interface Masquerade {
  readonly source: IpNetwork;
  readonly out: string;
}

export interface FamilyRules {
  readonly filter: FilterTable;
  /** Without any, the NAT table is not touched: a kernel that lacks it still gets its filter. */
  readonly masquerade: readonly Masquerade[];
}

/** All that the packet filter of one machine does. */
export type Ruleset = Readonly<Record<Family, FamilyRules>>;
