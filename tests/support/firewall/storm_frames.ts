import { type Family, familyOf } from "../../../lib/ip/address.ts";
import type { RandomNumbers } from "../program/random_numbers.ts";

/** What a storm is made of. */
export interface StormSpec {
  readonly seed: number;
  readonly count: number;
  /** Hardware address of the machine that it goes to, 12 hexadecimal digits. */
  readonly mac: string;
  /** Addresses that packets claim to be from, and that they go to. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}

/** What a frame claims to be, as far as a rule can look at it. */
export interface StormFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** None for what is no IP. */
  readonly claim?: {
    readonly family: Family;
    readonly source: string;
    readonly destination: string;
    /** IANA's number. */
    readonly protocol: number;
    /** Destination port, or type of ICMP; undefined where the packet does not say. */
    readonly detail: number | undefined;
  };
}

/** Stands in every packet, before its number. */
export const MARK = "TowerStorm";
const PORTS = [22, 53, 67, 80, 111, 123, 546, 5353, 8000, 9050];
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

/** Frame number `id` of a storm: odd, broken, forged or plain. */
export function stormFrame(random: RandomNumbers, spec: StormSpec, id: number): StormFrame {
  const mac = random.below(10) === 0 ? "ffffffffffff" : spec.mac;
  const ethernet = (type: number, payload: number[]) => {
    const own = [2, 0, 0, ...bytes(random, 3)];
    const frame = [...hex(mac), ...own, type >> 8, type & 255, ...payload];
    return Uint8Array.from(frame);
  };
  const mark = [...MARK].map((c) => c.charCodeAt(0)).concat(number(id, 4));
  if (random.below(20) === 0) {
    const type = random.pick([0x0806, 0x8035, 0x8100, 0x88cc, 0x888e, random.below(65536)]);
    if (type === 0x0800 || type === 0x86dd) return { bytes: ethernet(0x88b5, mark) };
    return { bytes: ethernet(type, [...bytes(random, random.below(60)), ...mark]) };
  }
  const destination = random.pick(spec.destinations);
  const family = familyOf(destination as never);
  const source = random.pick(spec.sources.filter((a) => familyOf(a as never) === family));
  const protocol = random.pick([
    TCP,
    TCP,
    UDP,
    UDP,
    family === "ipv4" ? ICMP : ICMPV6,
    random.below(256),
  ]);
  const { data, detail } = transport(random, protocol, mark);
  const packet = family === "ipv4"
    ? ipv4(random, { source, destination, protocol, data })
    : ipv6(random, { source, destination, protocol, data });
  const isCut = random.below(15) === 0;
  const whole = isCut ? packet.bytes.slice(0, random.below(packet.bytes.length)) : packet.bytes;
  return {
    bytes: ethernet(family === "ipv4" ? 0x0800 : 0x86dd, whole),
    claim: {
      ...{ family, source, destination, protocol },
      detail: packet.isWhole && !isCut ? detail : undefined,
    },
  };
}

/** TCP with any flags, UDP, ICMP of any type, or noise; its sum is wrong as often as none. */
function transport(random: RandomNumbers, protocol: number, mark: number[]) {
  const port = random.below(3) === 0 ? random.below(65536) : random.pick(PORTS);
  const from = number(1024 + random.below(60000), 2);
  const noise = bytes(random, random.below(40));
  if (protocol === TCP) {
    const flags = random.pick([2, 16, 18, 4, 1, 0, 41, 255, random.below(256)]);
    const offset = random.below(8) === 0 ? random.below(16) : 5;
    const head = [...from, ...number(port, 2), ...bytes(random, 8), offset << 4, flags];
    return { data: [...head, ...bytes(random, 6), ...mark, ...noise], detail: port };
  }
  if (protocol === UDP) {
    const length = 8 + mark.length + noise.length;
    const told = random.below(8) === 0 ? random.below(65536) : length;
    const data = [...from, ...number(port, 2), ...number(told, 2), 0, 0, ...mark, ...noise];
    return { data, detail: port };
  }
  if (protocol === ICMP || protocol === ICMPV6) {
    const type = random.below(256);
    const data = [type, random.below(20), 0, 0, ...bytes(random, 4), ...mark, ...noise];
    const sum = protocol === ICMP && random.below(3) > 0 ? checksum(data) : random.below(65536);
    data.splice(2, 2, ...number(sum, 2));
    return { data, detail: type };
  }
  return { data: [...mark, ...noise], detail: undefined };
}

interface Parts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly data: number[];
}

/** @returns `isWhole` where a rule can see the transport's head. */
function ipv4(random: RandomNumbers, { source, destination, protocol, data }: Parts) {
  const via = address4(random.pick([source, destination]));
  const options = random.below(6) === 0
    ? random.pick([
      [0x83, 7, 4, ...via, 0], // loose source route
      [0x89, 7, 4, ...via, 0], // strict source route
      [0x07, 7, 4, 0, 0, 0, 0, 0], // record route
      [0x44, 8, 5, 0, 0, 0, 0, 0], // timestamp
      [...bytes(random, 8)],
    ])
    : [];
  const isFragment = random.below(6) === 0;
  const offset = isFragment ? random.pick([0x2000, 0x2001, 0x0002, 0x1fff, 0x8000]) : 0;
  const length = 20 + options.length + data.length;
  const head = [
    (random.below(25) === 0 ? random.below(16) : 4) << 4 | (5 + options.length / 4),
    random.below(256),
    ...number(random.below(20) === 0 ? random.below(65536) : length, 2),
    ...number(random.below(100), 2),
    ...number(offset, 2),
    random.pick([64, 64, 64, 1, 0, 255]),
    protocol,
    0,
    0,
    ...address4(source),
    ...address4(destination),
    ...options,
  ];
  const sum = random.below(15) === 0 ? random.below(65536) : checksum(head);
  head.splice(10, 2, ...number(sum, 2));
  return { bytes: [...head, ...data], isWhole: !isFragment };
}

/** With up to eight extension headers (RFC 8200): options, routing, fragment. */
function ipv6(random: RandomNumbers, { source, destination, protocol, data }: Parts) {
  let [next, payload, isWhole] = [protocol, data, true];
  for (let i = random.below(4) === 0 ? random.below(8) : 0; i > 0; i--) {
    const kind = random.pick([0, 43, 44, 60, 59, 135]);
    if (kind === 44) {
      payload = [
        next,
        0,
        ...number(random.pick([0, 1, 9, 0xfff8]), 2),
        ...bytes(random, 4),
        ...payload,
      ];
      isWhole = false;
    } else payload = [next, 0, 1, 4, 0, 0, 0, 0, ...payload];
    next = kind;
  }
  const length = random.below(20) === 0 ? random.below(65536) : payload.length;
  const head = [
    0x60,
    ...bytes(random, 3),
    ...number(length, 2),
    next,
    random.pick([64, 255, 1, 0]),
  ];
  const bytesOf = [...head, ...address6(source), ...address6(destination), ...payload];
  return { bytes: bytesOf, isWhole: isWhole && next === protocol };
}

function checksum(data: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += data[i]! << 8 | (data[i + 1] ?? 0);
  while (sum > 65535) sum = (sum & 65535) + (sum >>> 16);
  return ~sum & 65535;
}

function bytes(random: RandomNumbers, count: number): number[] {
  return Array.from({ length: count }, () => random.below(256));
}

function number(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => value >>> 8 * (size - 1 - i) & 255);
}

function hex(text: string): number[] {
  return text.match(/../g)!.map((pair) => parseInt(pair, 16));
}

function address4(text: string): number[] {
  return text.split(".").map(Number);
}

function address6(text: string): number[] {
  const [left = "", right = ""] = text.split("::");
  const groups = (part: string) =>
    part.split(":").filter((g) => g !== "").map((g) => parseInt(g, 16));
  const [start, end] = [groups(left), groups(right)];
  const zeros = Array(8 - start.length - end.length).fill(0);
  return [...start, ...zeros, ...end].flatMap((group) => number(group, 2));
}
