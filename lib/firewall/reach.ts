import { contains, type Family, familyOf, type IpAddress } from "../ip/address.ts";
import {
  holderOf,
  type Machine,
  type Network,
  owns,
  type Route,
  routeTo,
  sourceFor,
} from "./network.ts";
import { judge, type Packet, type PacketProtocol, type Passage } from "./packet.ts";
import type { FilterTable } from "./ruleset.ts";

/** What one machine tries to get from another. */
export type Probe =
  | { readonly protocol: "tcp" | "udp"; readonly port: number; readonly family: Family }
  | { readonly protocol: "icmp"; readonly family: Family };

/** How far a first packet gets. */
export type Reach =
  /** It arrives and an answer comes back to who asked; a closed TCP port answers too. */
  | { readonly kind: "answered" }
  /** It arrives; the answer is stopped, or goes to another machine. */
  | { readonly kind: "delivered"; readonly stop: Stop }
  | { readonly kind: "stopped"; readonly stop: Stop };

/** Where a packet ended: a machine, and its chain or what it lacks: `INPUT policy`, `forwards nothing`. */
export interface Stop {
  readonly machine: string;
  readonly by: string;
  /** What `by` is about: `has no route to`, and this address. */
  readonly address?: IpAddress;
}

/** A source port that Linux gives by itself (ip_local_port_range). */
const EPHEMERAL_PORT = 40000;
/** As many machines as a packet may pass. */
const MAX_HOPS = 16;

/**
 * Whether a packet of a new connection gets from one machine to another, answered or not: the
 * question of who must be trusted.
 *
 * @param to A machine; each of its addresses of the probe's family is tried. What gets to another
 * machine that has the address too counts: which of them hears it may be different tomorrow.
 * @throws {RangeError} for a name that no machine has.
 */
export function mayReach(network: Network, from: string, to: string, probe: Probe): boolean {
  const addresses = machineOf(network, to).links
    .flatMap((link) => link.addresses.map((own) => own.address))
    .filter((address) => familyOf(address) === probe.family);
  return addresses.some((address) => reach(network, from, address, probe).kind !== "stopped");
}

/**
 * Follows a packet, and its answer, through the rules, routes and address translation of every
 * machine on its way. Neighbours are taken as known (ARP, neighbour discovery), so a ruleset
 * that stops neighbour discovery may stop more than is told here, never less.
 *
 * @throws {RangeError} for a name that no machine has, or an address of another family.
 */
export function reach(
  network: Network,
  from: string,
  address: IpAddress,
  probe: Probe,
): Reach {
  const start = machineOf(network, from);
  if (familyOf(address) !== probe.family) throw new RangeError(`${address} is not ${probe.family}`);
  const translations: Translation[] = [];
  const there = travel(network, start, {
    source: undefined,
    destination: address,
    protocol: protocolOf(probe, "question"),
    state: "NEW",
  }, translations);
  if ("stop" in there) return { kind: "stopped", stop: there.stop };
  const back = travel(network, there.machine, {
    source: address,
    destination: there.source,
    protocol: protocolOf(probe, "answer"),
    state: "ESTABLISHED",
  }, translations);
  if ("stop" in back) return { kind: "delivered", stop: back.stop };
  return back.machine === start
    ? { kind: "answered" }
    : { kind: "delivered", ...stopped(back.machine, `has the address of ${from}`) };
}

function machineOf(network: Network, name: string): Machine {
  const machine = network.find((m) => m.name === name);
  if (!machine) throw new RangeError(`No machine is called "${name}"`);
  return machine;
}

/** Echo and its reply: RFC 792 and RFC 4443. */
function protocolOf(probe: Probe, part: "question" | "answer"): PacketProtocol {
  if (probe.protocol === "icmp") {
    return probe.family === "ipv4"
      ? { name: "icmp", type: part === "question" ? 8 : 0 }
      : { name: "icmpv6", type: part === "question" ? 128 : 129 };
  }
  return { name: probe.protocol, port: part === "question" ? probe.port : EPHEMERAL_PORT };
}

/** That a machine writes its own address over the source of a connection. */
interface Translation {
  readonly machine: Machine;
  readonly inner: IpAddress;
  readonly outer: IpAddress;
}

/** A packet that left a machine. */
interface Step {
  readonly packet: Packet;
  readonly route: Route;
}

type Journey =
  | { readonly stop: Stop }
  | { readonly machine: Machine; readonly source: IpAddress };

/** One direction of a connection; `translations` are what its machines remember of it. */
function travel(
  network: Network,
  start: Machine,
  packet: { readonly source: IpAddress | undefined } & Omit<Packet, "source">,
  translations: Translation[],
): Journey {
  if (owns(start, packet.destination)) return loopback(start, packet);
  const route = routeTo(network, start, packet.destination);
  const source = packet.source ?? (route && sourceFor(route));
  if (!route || !source) return stopped(start, "has no route to", packet.destination);
  let step: Step = { packet: { ...packet, source }, route };
  const stop = filtered(start, "output", step.packet, { out: route.link.name });
  if (stop) return { stop };
  for (let machine = start, hops = 0; hops < MAX_HOPS; hops++) {
    const { neighbour, link } = step.route;
    const next = holderOf(network, link.segment, neighbour);
    if (!next) return stopped(machine, "finds no neighbour", neighbour);
    machine = next.machine;
    const arrived = untranslated(step.packet, machine, translations);
    if (owns(machine, arrived.destination)) {
      const stop = filtered(machine, "input", arrived, { in: next.link.name });
      return stop ? { stop } : { machine, source: arrived.source };
    }
    const onward = passOn(network, machine, arrived, next.link.name, translations);
    if ("stop" in onward) return onward;
    step = onward;
  }
  return stopped(start, "is on a route without end");
}

/** What a machine does with a packet for somebody else. */
function passOn(
  network: Network,
  machine: Machine,
  packet: Packet,
  arriving: string,
  translations: Translation[],
): Step | { readonly stop: Stop } {
  const family = familyOf(packet.destination);
  if (!machine.forwards[family]) return stopped(machine, "forwards nothing");
  const route = routeTo(network, machine, packet.destination);
  if (!route) return stopped(machine, "has no route to", packet.destination);
  const out = route.link.name;
  const stop = filtered(machine, "forward", packet, { in: arriving, out });
  if (stop) return { stop };
  const outer = sourceFor(route);
  const isMasked = packet.state === "NEW" && machine.ruleset[family].masquerade
    .some((rule) => rule.out === out && contains(rule.source, packet.source));
  if (!isMasked || !outer) return { packet, route };
  translations.push({ machine, inner: packet.source, outer });
  return { packet: { ...packet, source: outer }, route };
}

/** A packet of a known connection, its destination as it was before a translation. */
function untranslated(packet: Packet, machine: Machine, known: readonly Translation[]): Packet {
  const translation = packet.state === "ESTABLISHED"
    ? known.find((t) => t.machine === machine && t.outer === packet.destination)
    : undefined;
  return translation ? { ...packet, destination: translation.inner } : packet;
}

function loopback(machine: Machine, packet: Omit<Packet, "source">): Journey {
  const { destination } = packet;
  const own: Packet = { ...packet, source: destination };
  const stop = filtered(machine, "output", own, { out: "lo" }) ??
    filtered(machine, "input", own, { in: "lo" });
  return stop ? { stop } : { machine, source: destination };
}

function filtered(
  machine: Machine,
  chain: keyof FilterTable,
  packet: Packet,
  passage: Passage,
): Stop | undefined {
  const { filter } = machine.ruleset[familyOf(packet.destination)];
  const { verdict, rule } = judge(filter[chain], packet, passage);
  if (verdict === "ACCEPT") return undefined;
  const name = chain.toUpperCase();
  return { machine: machine.name, by: rule === 0 ? `${name} policy` : `${name} rule ${rule}` };
}

function stopped(
  machine: Machine,
  by: string,
  address?: IpAddress,
): { readonly stop: Stop } {
  return { stop: { machine: machine.name, by, ...(address !== undefined && { address }) } };
}
