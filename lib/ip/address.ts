import type { Brand } from "../brand.ts";

export type Family = "ipv4" | "ipv6";

/** An address in its one canonical text: dotted quad, or RFC 5952 (without zone). */
export type IpAddress = Brand<string, "IpAddress">;
/** `address/prefix` in canonical text, without bits beside the prefix. */
export type IpNetwork = Brand<string, "IpNetwork">;

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** The address that a text spells, or undefined where the text is not canonical. */
export function asIpAddress(text: string): IpAddress | undefined {
  return isIpv4(text) || isIpv6(text) ? text as IpAddress : undefined;
}

/** The network that a text spells, or undefined where it is not canonical or has host bits. */
export function asIpNetwork(text: string): IpNetwork | undefined {
  const match = /^([0-9a-f.:]{2,39})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match && asIpAddress(match[1]!);
  if (!address) return undefined;
  const hostBits = BITS[familyOf(address)] - Number(match[2]);
  if (hostBits < 0) return undefined;
  return ipValue(address) % (1n << BigInt(hostBits)) === 0n ? text as IpNetwork : undefined;
}

/** @throws {RangeError} for a text that is no canonical address: for constants of the program. */
export function ipAddress(text: string): IpAddress {
  const address = asIpAddress(text);
  if (!address) throw new RangeError(`"${text}" is no IP address`);
  return address;
}

/** @throws {RangeError} for a text that is no canonical network: for constants of the program. */
export function ipNetwork(text: string): IpNetwork {
  const network = asIpNetwork(text);
  if (!network) throw new RangeError(`"${text}" is no IP network`);
  return network;
}

export function familyOf(address: IpAddress | IpNetwork): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** The network of one address: `/32` or `/128`. */
export function networkOf(address: IpAddress): IpNetwork {
  return `${address}/${BITS[familyOf(address)]}` as IpNetwork;
}

export function prefixOf(network: IpNetwork): number {
  return Number(network.slice(network.indexOf("/") + 1));
}

/** Whether an address lies in a network; never across families. */
export function contains(network: IpNetwork, address: IpAddress): boolean {
  const family = familyOf(network);
  if (family !== familyOf(address)) return false;
  const hostBits = BigInt(BITS[family] - prefixOf(network));
  return ipValue(address) >> hostBits === ipValue(firstOf(network)) >> hostBits;
}

/** The address all of whose host bits are 0. */
export function firstOf(network: IpNetwork): IpAddress {
  return network.slice(0, network.indexOf("/")) as IpAddress;
}

/** How many addresses an IPv4 network has, its own and its broadcast address included. */
export function sizeOf(network: IpNetwork): number {
  return 2 ** (BITS[familyOf(network)] - prefixOf(network));
}

/**
 * The address at an offset of an IPv4 network.
 * @throws {RangeError} when the offset lies outside.
 */
export function addressAt(network: IpNetwork, offset: number): IpAddress {
  if (!Number.isInteger(offset) || offset < 0 || offset >= sizeOf(network)) {
    throw new RangeError(`${network} has no address at ${offset}`);
  }
  const value = Number(ipValue(firstOf(network))) + offset;
  return [24, 16, 8, 0].map((shift) => value / 2 ** shift & 255).join(".") as IpAddress;
}

/** Whether an address is one that a machine of an IPv4 network may have. */
export function isHostOf(network: IpNetwork, address: IpAddress): boolean {
  return contains(network, address) && address !== firstOf(network) &&
    address !== addressAt(network, sizeOf(network) - 1);
}

/** Whether all of an IPv4 network is for private use (RFC 1918). */
export function isPrivate(network: IpNetwork): boolean {
  return ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].some((text) => {
    const range = text as IpNetwork;
    return prefixOf(network) >= prefixOf(range) && contains(range, firstOf(network));
  });
}

/** An address as a number. */
export function ipValue(address: IpAddress): bigint {
  if (familyOf(address) === "ipv4") {
    return address.split(".").reduce((value, part) => value << 8n | BigInt(part), 0n);
  }
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [high, low] = [groups(head), groups(tail)];
  const gap = Array.from({ length: 8 - high.length - low.length }, () => "0");
  return [...high, ...gap, ...low].reduce((value, part) => value << 16n | BigInt(`0x${part}`), 0n);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return text.length <= 15 && parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  if (!/^[0-9a-f:]{2,39}$/.test(text) || !text.includes(":")) return false;
  // The URL standard's serializer writes what RFC 5952 wants.
  const url = `http://[${text}]/`;
  return URL.canParse(url) && new URL(url).hostname === `[${text}]`;
}
