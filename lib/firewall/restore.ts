import type { Family } from "../ip/address.ts";
import type {
  ConnectionState,
  FamilyRules,
  Masquerade,
  PassingMatch,
  ProtocolMatch,
  Ruleset,
} from "./ruleset.ts";

/** The order in which iptables-save lists states. */
const STATES: readonly ConnectionState[] = [
  "INVALID",
  "NEW",
  "RELATED",
  "ESTABLISHED",
  "UNTRACKED",
];

/** iptables-save's names of what carries ICMP. */
const PROTOCOLS = { tcp: "tcp", udp: "udp", icmp: "icmp", icmpv6: "ipv6-icmp" } as const;

/** The programs that load and save the rules of a family. */
export const PROGRAMS = {
  ipv4: { restore: "iptables-restore", save: "iptables-save" },
  ipv6: { restore: "ip6tables-restore", save: "ip6tables-save" },
} as const;

/**
 * A ruleset as the text that `iptables-restore` or `ip6tables-restore` takes, in the words that
 * iptables-save uses, so that what is loaded can be compared with what should be.
 *
 * @throws {RangeError} for an interface, port, type or protocol that the family does not have.
 */
export function renderRestore(ruleset: Ruleset, family: Family): string {
  const { filter, masquerade } = ruleset[family];
  checkFamily(ruleset[family], family);
  const chains = [["INPUT", filter.input], ["FORWARD", filter.forward], [
    "OUTPUT",
    filter.output,
  ]] as const;
  return [
    ...masquerade.length > 0 ? natTable(masquerade) : [],
    "*filter",
    ...chains.map(([name, { policy }]) => `:${name} ${policy} [0:0]`),
    ...chains.flatMap(([name, { rules }]) =>
      rules.map(({ match, verdict }) => ["-A", name, ...matchWords(match), "-j", verdict].join(" "))
    ),
    "COMMIT",
    "",
  ].join("\n");
}

function natTable(masquerade: readonly Masquerade[]): string[] {
  return [
    "*nat",
    ...["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"].map((name) => `:${name} ACCEPT [0:0]`),
    ...masquerade.map(({ source, out }) =>
      ["-A POSTROUTING", ...matchWords({ source, out }), "-j MASQUERADE"].join(" ")
    ),
    "COMMIT",
  ];
}

function matchWords(match: PassingMatch): string[] {
  const words: string[] = [];
  if (match.source !== undefined) words.push("-s", match.source);
  if (match.destination !== undefined) words.push("-d", match.destination);
  if (match.in !== undefined) words.push("-i", interfaceName(match.in));
  if (match.out !== undefined) words.push("-o", interfaceName(match.out));
  if (match.protocol) words.push(...protocolWords(match.protocol));
  const { states } = match;
  if (states) {
    words.push("-m conntrack --ctstate", STATES.filter((s) => states.includes(s)).join(","));
  }
  return words;
}

function protocolWords(protocol: ProtocolMatch): string[] {
  const words = ["-p", PROTOCOLS[protocol.name]];
  if (protocol.name === "tcp" || protocol.name === "udp") {
    const { port } = protocol;
    if (port === undefined) return words;
    const ends = typeof port === "number" ? [port] : [port.first, port.last];
    for (const end of ends) requireRange("port", end, 65535);
    return [...words, "-m", protocol.name, "--dport", ends.join(":")];
  }
  if (protocol.type === undefined) return words;
  requireRange("ICMP type", protocol.type, 255);
  return protocol.name === "icmp"
    ? [...words, "-m icmp --icmp-type", String(protocol.type)]
    : [...words, "-m icmp6 --icmpv6-type", String(protocol.type)];
}

function checkFamily({ filter }: FamilyRules, family: Family): void {
  const foreign = family === "ipv4" ? "icmpv6" : "icmp";
  for (const { rules } of [filter.input, filter.forward, filter.output]) {
    for (const { match } of rules) {
      if (match.protocol?.name === foreign) throw new RangeError(`${family} has no ${foreign}`);
    }
  }
}

/** The kernel's dev_valid_name with only plain characters; a `+` at the end would be a wildcard. */
function interfaceName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(name)) return name;
  throw new RangeError(`"${name}" is no interface name`);
}

function requireRange(label: string, value: number, last: number): void {
  if (!Number.isInteger(value) || value < 0 || value > last) {
    throw new RangeError(`${label} ${value} is not in 0 to ${last}`);
  }
}
