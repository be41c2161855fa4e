import { ipAddress, ipNetwork } from "../ip/address.ts";
import { type Host, hostName } from "./host.ts";

/** A host for tests, online unless its name or role says otherwise. */
export function testHost(
  name: string,
  address = "192.168.2.200",
  role: "online" | "offline" | "router" = name === "router" ? "router" : "online",
): Host {
  const side = role === "offline" ? 3 : 2;
  const common = {
    hostname: name,
    username: "tower",
    publicKey: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} ${name}`,
    passwordHash: `$6$salt$${"a".repeat(86)}`,
    keyboard: { layout: "us", variant: "us" },
    timezone: "UTC",
    lang: "en_US",
    thinClient: ipAddress(`192.168.${side}.100`),
    network: ipNetwork(`192.168.${side}.0/24`),
    address: ipAddress(address),
  };
  const env = role === "router"
    ? { ...common, role, wlan: { ssidHex: "61", key: "0".repeat(64) } }
    : role === "online"
    ? { ...common, role, router: ipAddress("192.168.2.1") }
    : { ...common, role };
  return {
    name: hostName(name),
    env,
    hostKeys: [
      `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${name.padEnd(42, "A").replaceAll("-", "B")}`,
    ],
  };
}
