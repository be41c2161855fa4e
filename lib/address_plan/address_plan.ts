import { TowerError } from "../errors.ts";
import {
  addressAt,
  asIpAddress,
  asIpNetwork,
  contains,
  firstOf,
  type IpAddress,
  ipAddress,
  type IpNetwork,
  ipNetwork,
  isHostOf,
  isPrivate,
  sizeOf,
} from "../ip/address.ts";

/** One of the tower's two networks. */
export interface TowerNetwork {
  readonly network: IpNetwork;
  readonly thinClient: IpAddress;
  /** Offset of the first address that hosts get. */
  readonly firstHost: number;
}

/** The addresses of a whole tower. */
export interface AddressPlan {
  readonly online: TowerNetwork & { readonly router: IpAddress };
  readonly offline: TowerNetwork;
}

/** TowerOS' own plan. */
export const TOWER_PLAN: AddressPlan = {
  online: {
    network: ipNetwork("192.168.2.0/24"),
    thinClient: ipAddress("192.168.2.100"),
    router: ipAddress("192.168.2.1"),
    firstHost: 200,
  },
  offline: {
    network: ipNetwork("192.168.3.0/24"),
    thinClient: ipAddress("192.168.3.100"),
    firstHost: 200,
  },
};

/** A host that has its address already. */
export interface AddressedHost {
  readonly name: string;
  readonly address: IpAddress;
}

/**
 * The address of a host: the one it has, if that lies in the network; else the lowest free one.
 * The router always has its own.
 *
 * @param hosts All hosts that are known, of both networks, in any order.
 * @throws {TowerError} `limit` when the network is full, `conflict` when another has the router's.
 */
export function allocateAddress(
  plan: AddressPlan,
  side: "online" | "offline",
  name: string,
  hosts: readonly AddressedHost[],
): IpAddress {
  if (name === "router") {
    const { router } = plan.online;
    const other = hosts.find((host) => host.name !== name && host.address === router);
    if (other === undefined) return router;
    throw new TowerError("conflict", `Cannot give the router ${router}: "${other.name}" has it`, {
      hint: `Deprovision "${other.name}" and provision it again after the router`,
    });
  }
  const { network, thinClient, firstHost } = plan[side];
  const others = hosts.filter((host) => host.name !== name).map((host) => host.address);
  const taken = new Set<IpAddress>([...others, thinClient, plan.online.router]);
  const own = hosts.find((host) => host.name === name)?.address;
  if (own !== undefined && isHostOf(network, own) && !taken.has(own)) return own;
  for (let offset = firstHost; offset < sizeOf(network) - 1; offset++) {
    const address = addressAt(network, offset);
    if (!taken.has(address)) return address;
  }
  throw new TowerError(
    "limit",
    `Cannot give host "${name}" an address: all ${sizeOf(network) - 1 - firstHost} of the ` +
      `${side} network ${network} are taken`,
    { hint: "Deprovision a host of this network, or choose a larger network" },
  );
}

/** A network as a user writes it in the one file that configures networks. */
export interface NetworkText {
  readonly network: string;
  readonly thinClient: string;
  readonly firstHost: number;
}

/**
 * Makes a plan of what a user wrote.
 * @throws {TowerError} `usage` with every rule that is broken, one per line.
 */
export function planOf(text: {
  readonly online: NetworkText & { readonly router: string };
  readonly offline: NetworkText;
}): AddressPlan {
  const problems: string[] = [];
  const side = (name: "online" | "offline", given: NetworkText, router?: string) => {
    const network = asIpNetwork(given.network);
    if (!network || !isPrivate(network) || sizeOf(network) < 8 || sizeOf(network) > 65536) {
      problems.push(`${name} network "${given.network}" must be private, from /16 to /29`);
      return undefined;
    }
    const host = (label: string, value: string) => {
      const address = asIpAddress(value);
      if (address && isHostOf(network, address)) return address;
      problems.push(`${name} ${label} "${value}" must be a host's address in ${network}`);
      return undefined;
    };
    const isOffset = Number.isInteger(given.firstHost) && given.firstHost >= 1 &&
      given.firstHost < sizeOf(network) - 1;
    if (!isOffset) problems.push(`${name} first host ${given.firstHost} must lie in ${network}`);
    const thinClient = host("thin client", given.thinClient);
    const gateway = router === undefined ? undefined : host("router", router);
    if (gateway !== undefined && gateway === thinClient) {
      problems.push(`router and thin client have the same address ${gateway}`);
    }
    return thinClient && { network, thinClient, firstHost: given.firstHost, router: gateway };
  };
  const online = side("online", text.online, text.online.router);
  const offline = side("offline", text.offline);
  if (online && offline && overlap(online.network, offline.network)) {
    problems.push(`the networks ${online.network} and ${offline.network} overlap`);
  }
  const router = online?.router;
  if (problems.length > 0 || !online || !offline || !router) {
    throw new TowerError("usage", `Cannot use the networks:\n  ${problems.join("\n  ")}`);
  }
  const { network, thinClient, firstHost } = offline;
  return { online: { ...online, router }, offline: { network, thinClient, firstHost } };
}

function overlap(a: IpNetwork, b: IpNetwork): boolean {
  return contains(a, firstOf(b)) || contains(b, firstOf(a));
}
