import { type IpAddress, type IpNetwork, isHostOf } from "../ip/address.ts";
import type { Lines, Place } from "./lines.ts";
import { type Key, REQUIRED } from "./rules.ts";

export type HostRole = "offline" | "online" | "router";

/** The role that the entries tell, or undefined where they do not. */
export function roleOf({ entries }: Lines): HostRole | undefined {
  const [name, online] = [entries.get("HOSTNAME")?.value, entries.get("ONLINE")?.value];
  if (name === undefined || online === undefined) return undefined;
  if (name === "router") return online === "true" ? "router" : undefined;
  return online === "true" ? "online" : "offline";
}

/** What is wrong between keys whose own values are good: missing keys first. */
export function inconsistencies(lines: Lines, place: Place): string[] {
  const role = roleOf(lines);
  return [...missing(lines, role), ...conflicts(lines, role, place)];
}

function missing({ named }: Lines, role: HostRole | undefined): string[] {
  const needed: Key[] = [...REQUIRED];
  if (role === "online" || role === "router") needed.push("ROUTER_IP");
  if (role === "router") {
    needed.push("WLAN_SHARED_KEY");
    if (!named.has("WLAN_SSID_HEX")) needed.push("WLAN_SSID");
  }
  return needed.filter((key) => !named.has(key)).map((key) => `${key} is missing`);
}

function conflicts({ entries }: Lines, role: HostRole | undefined, place: Place): string[] {
  const value = (key: Key) => entries.get(key)?.value;
  const problems: string[] = [];
  const blame = (key: Key, cause: string) =>
    problems.push(`line ${entries.get(key)!.line}: ${key} ${cause}`);
  if (value("HOSTNAME") === "router" && value("ONLINE") === "false") {
    blame("ONLINE", 'must be true for the host "router"');
  }
  if (role === "online" || role === "offline") {
    for (
      const key of ["WLAN_SSID", "WLAN_SSID_HEX", "WLAN_SHARED_KEY", "WLAN_PASSWORD_HEX"] as const
    ) {
      if (entries.has(key)) blame(key, "is for the router alone");
    }
  } else if (entries.has("WLAN_SSID") && entries.has("WLAN_SSID_HEX")) {
    blame("WLAN_SSID_HEX", "must not stand beside WLAN_SSID");
  }
  const disk = value("ROOT_DEVICE");
  if (value("ROOT_DEVICE_WIPE") === "true" && (disk === undefined || disk === "auto")) {
    blame("ROOT_DEVICE_WIPE", "needs a ROOT_DEVICE that names the disk");
  }
  if (place === "boot" && role === "offline" && entries.has("ROUTER_IP")) {
    blame("ROUTER_IP", "is for online hosts and the router alone");
  }
  // An inventory of TowerOS, which had no ROOT_DEVICE, says so of a host that it once upgraded.
  if (place === "boot" && value("INSTALLATION_TYPE") === "upgrade") {
    if (disk === undefined) blame("INSTALLATION_TYPE", "upgrade keeps the home on a ROOT_DEVICE");
    if (value("ROOT_DEVICE_WIPE") === "true") {
      blame("INSTALLATION_TYPE", "upgrade keeps the home that ROOT_DEVICE_WIPE would lose");
    }
  }
  const network = value("TOWER_NETWORK") as IpNetwork | undefined;
  const addresses: Key[] = ["THIN_CLIENT_IP", "STATIC_HOST_IP"];
  if (role === "online" || role === "router") addresses.push("ROUTER_IP");
  for (const key of addresses) {
    const address = value(key) as IpAddress | undefined;
    if (network && address && !isHostOf(network, address)) {
      blame(key, `"${address}" must be the address of a host in TOWER_NETWORK "${network}"`);
    }
  }
  const different = (a: Key, b: Key) => {
    if (entries.has(a) && value(a) === value(b)) blame(a, `"${value(a)}" must not be ${b} too`);
  };
  different("STATIC_HOST_IP", "THIN_CLIENT_IP");
  if (role === "online" || role === "router") different("ROUTER_IP", "THIN_CLIENT_IP");
  if (role === "online") different("STATIC_HOST_IP", "ROUTER_IP");
  const [own, router] = [value("STATIC_HOST_IP"), value("ROUTER_IP")];
  if (role === "router" && own !== undefined && router !== undefined && own !== router) {
    blame("STATIC_HOST_IP", `"${own}" must be ROUTER_IP on the router`);
  }
  return problems;
}
