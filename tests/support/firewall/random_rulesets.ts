import type { Machine } from "../../../lib/firewall/network.ts";
import type {
  ConnectionState,
  FamilyRules,
  PassingMatch,
  ProtocolMatch,
  Rule,
  Verdict,
} from "../../../lib/firewall/ruleset.ts";
import { type Family, familyOf, networkOf } from "../../../lib/ip/address.ts";
import type { RandomNumbers } from "../program/random_numbers.ts";

/** What neighbour discovery needs (RFC 4861): an evaluator of rules takes neighbours as known. */
const DISCOVERY: readonly Rule<PassingMatch>[] = [135, 136].map((type) => ({
  match: { protocol: { name: "icmpv6", type } },
  verdict: "ACCEPT",
}));

/** Rules that use what the machines around have: their addresses, networks and interfaces. */
export function randomRules(
  random: RandomNumbers,
  family: Family,
  machine: Machine,
  network: readonly Machine[],
  ports: readonly number[],
): FamilyRules {
  const addresses = network.flatMap(({ links }) => links.flatMap((link) => link.addresses))
    .filter(({ address }) => familyOf(address) === family)
    .flatMap(({ address, network }) => [networkOf(address), network]);
  const maybe = <T>(value: () => T): T | undefined => random.below(3) === 0 ? value() : undefined;
  const protocol = (): ProtocolMatch =>
    random.below(4) === 0
      ? { name: family === "ipv4" ? "icmp" : "icmpv6" }
      : { name: random.pick(["tcp", "udp"] as const), port: random.pick(ports) };
  const states: readonly (readonly [ConnectionState, ...ConnectionState[]])[] = [
    ["NEW"],
    ["ESTABLISHED"],
    ["RELATED", "ESTABLISHED"],
    ["INVALID", "NEW"],
  ];
  const link = () => random.pick(machine.links).name;
  const rule = (names: { in?: true; out?: true }): Rule<PassingMatch> => {
    const parts = {
      source: maybe(() => random.pick(addresses)),
      destination: maybe(() => random.pick(addresses)),
      protocol: maybe(protocol),
      states: maybe(() => random.pick(states)),
      in: names.in && maybe(link),
      out: names.out && maybe(link),
    };
    const match = Object.fromEntries(Object.entries(parts).filter(([, v]) => v !== undefined));
    return { match, verdict: random.pick(["ACCEPT", "DROP"] as const) };
  };
  const chain = (names: { in?: true; out?: true }) => ({
    policy: random.pick<Verdict>(["ACCEPT", "ACCEPT", "DROP"]),
    rules: [
      ...(family === "ipv6" ? DISCOVERY : []),
      ...Array.from({ length: random.below(6) }, () => rule(names)),
    ],
  });
  return {
    filter: {
      input: chain({ in: true }),
      forward: chain({ in: true, out: true }),
      output: chain({ out: true }),
    },
    masquerade: machine.ruleset[family].masquerade,
  };
}
