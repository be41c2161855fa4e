import { contains, type IpAddress } from "../ip/address.ts";
import type { Chain, ConnectionState, PassingMatch, ProtocolMatch, Verdict } from "./ruleset.ts";

/** What a rule can see of a packet. */
export interface Packet {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: PacketProtocol;
  readonly state: ConnectionState;
}

export type PacketProtocol =
  | { readonly name: "tcp" | "udp"; readonly port: number }
  | { readonly name: "icmp" | "icmpv6"; readonly type: number };

/** The interfaces between which a packet is, as far as a chain knows them. */
export interface Passage {
  readonly in?: string;
  readonly out?: string;
}

/** What a chain does with a packet, and which rule (from 1) said so; 0 is the policy. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly rule: number;
}

/** Runs a packet through a chain as netfilter does. */
export function judge(chain: Chain<PassingMatch>, packet: Packet, passage: Passage): Judgement {
  const at = chain.rules.findIndex(({ match }) => fits(match, packet, passage));
  return { verdict: chain.rules[at]?.verdict ?? chain.policy, rule: at + 1 };
}

function fits(match: PassingMatch, packet: Packet, passage: Passage): boolean {
  return (match.in === undefined || match.in === passage.in) &&
    (match.out === undefined || match.out === passage.out) &&
    (match.source === undefined || contains(match.source, packet.source)) &&
    (match.destination === undefined || contains(match.destination, packet.destination)) &&
    (match.states === undefined || match.states.includes(packet.state)) &&
    (match.protocol === undefined || fitsProtocol(match.protocol, packet.protocol));
}

function fitsProtocol(match: ProtocolMatch, protocol: PacketProtocol): boolean {
  if (match.name !== protocol.name) return false;
  if ("port" in protocol) {
    const port = "port" in match ? match.port : undefined;
    if (port === undefined || typeof port === "number") {
      return (port ?? protocol.port) === protocol.port;
    }
    return protocol.port >= port.first && protocol.port <= port.last;
  }
  const type = "type" in match ? match.type : undefined;
  return type === undefined || type === protocol.type;
}
