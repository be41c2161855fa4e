import type { AddressPlan } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import { type Links, ONE_CABLE, TWO_CABLES } from "../firewall/roles.ts";
import { prefixOf } from "../ip/address.ts";
import type { Fact } from "./facts/fact.ts";
import lookAtCards from "./scripts/network_cards.sh" with { type: "text" };

/** A network card of the thin client, as its kernel has it now. */
export interface NetworkCard {
  readonly name: string;
  /** Six pairs of hexadecimal digits, in small letters. */
  readonly mac: string;
  readonly isUp: boolean;
  /** Whether a cable is in it, with something that is on at the other end. */
  readonly isPlugged: boolean;
  /** `address/prefix`, IPv4. */
  readonly addresses: readonly string[];
}

/** The networks of the thin client, as they are now. */
export interface CardsState {
  readonly cards: readonly NetworkCard[];
  /** The ways of packets to elsewhere: by a card, to a gateway. */
  readonly defaultRoutes: readonly { readonly card: string; readonly gateway: string }[];
  readonly forwards: Readonly<Record<"IPv4" | "IPv6", boolean>>;
}

/** A thing that is wrong with the set-up, and how to mend it. */
export interface Finding {
  readonly problem: string;
  readonly mend: string;
}

/** The two sides of a tower. */
export const SIDES = ["online", "offline"] as const;
export type Side = (typeof SIDES)[number];

/** Both networks on one switch: nothing but each host's own rules keeps them apart (facts B7). */
export const ONE_CABLE_WARNING =
  "with one cable both networks are one: a host that is taken over reaches every other's switch " +
  "port, and nothing but each host's own firewall stops it";

/** The state of all cards; no root is needed. */
export const CARDS: Fact<CardsState> = {
  name: "cards",
  asking: () => "look at the network cards",
  script: lookAtCards,
  deadline: 15,
  limit: 1 << 18,
  explains: false,
  parse: (answer) => parseCards(new TextDecoder().decode(answer)),
};

/** Reads what the script of {@linkcode CARDS} wrote. @throws {TowerError} `malformed` */
export function parseCards(text: string): CardsState {
  const lines = text.split("\n").filter((line) => line !== "").map((line) => line.split(" "));
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...rest]) => rest);
  const [forwards] = of("forwards");
  if (!forwards) throw new TowerError("malformed", "Cannot read the state of the network cards");
  // A card in a bond or bridge shows as "eth0@…".
  const plain = (name = "") => name.replace(/@.*/, "");
  const addresses = of("address").map(([name, address = ""]) => ({ name: plain(name), address }));
  return {
    cards: of("card").map(([name = "", mac = "", up, plugged]) => ({
      name,
      mac,
      isUp: up === "1",
      isPlugged: plugged === "1",
      addresses: addresses.filter((a) => a.name === name).map(({ address }) => address),
    })),
    defaultRoutes: of("default").map(([name, gateway = ""]) => ({
      card: plain(name),
      gateway: addressOf(gateway),
    })),
    forwards: { IPv4: forwards[0] === "1", IPv6: forwards[1] === "1" },
  };
}

/** /proc/net/route has addresses as the processor stores them, which is lowest byte first on ours. */
function addressOf(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)).join(".");
}

/** The address that the thin client has in a network, with its prefix. */
export function ownAddress(plan: AddressPlan, side: Side): string {
  return `${plan[side].thinClient}/${prefixOf(plan[side].network)}`;
}

/** How this machine is cabled, by the addresses of its cards: two cables unless one has both. */
export function linksInUse({ cards }: CardsState, plan: AddressPlan): Links {
  const own = SIDES.map((side) => ownAddress(plan, side));
  const both = cards.some(({ name, addresses }) =>
    name === ONE_CABLE.online && own.every((address) => addresses.includes(address))
  );
  return both ? ONE_CABLE : TWO_CABLES;
}

/** That no card has an address of the thin client: then there is nothing more to look at. */
export function notThinClient({ cards }: CardsState, plan: AddressPlan): Finding | undefined {
  const own = SIDES.map((side) => ownAddress(plan, side));
  if (cards.some(({ addresses }) => addresses.some((a) => own.includes(a)))) return undefined;
  return {
    problem: `this machine is no thin client: none of its cards has ${own.join(" or ")}`,
    mend: "on the machine that is to be one, as root: tower network apply",
  };
}

/** All that is wrong with a thin client's networks. */
export function cardFindings(state: CardsState, plan: AddressPlan, links: Links): Finding[] {
  const mend = "tower network apply";
  const findings = SIDES.flatMap((side) => sideFindings(state, plan, links, side));
  const own = SIDES.map((side) => ownAddress(plan, side));
  for (const { name, addresses } of state.cards) {
    const isTowers = name === links.online || name === links.offline;
    if (own.every((address) => addresses.includes(address))) {
      findings.push({
        problem: `${name} has the addresses of both networks: ${ONE_CABLE_WARNING}`,
        mend: `a second card and cable, then ${mend}`,
      });
    }
    for (const address of addresses) {
      if (!isTowers || own.includes(address)) continue;
      findings.push({ problem: `${name} has an address of no tower's network: ${address}`, mend });
    }
  }
  for (const { card, gateway } of state.defaultRoutes) {
    // The one that was asked for by --gateway.
    if (card === links.online && gateway === plan.online.router) continue;
    const problem = `this machine has a way around the tower, through ${card} to ${gateway}`;
    findings.push({ problem, mend: `ip route del default dev ${card}; for good: ${mend}` });
  }
  for (const family of ["IPv4", "IPv6"] as const) {
    if (!state.forwards[family]) continue;
    const problem = `this machine forwards ${family}: it would join the networks`;
    findings.push({ problem, mend: "as root: tower firewall apply" });
  }
  return findings;
}

function sideFindings(
  state: CardsState,
  plan: AddressPlan,
  links: Links,
  side: Side,
): Finding[] {
  const name = links[side];
  const mend = "tower network apply";
  const card = state.cards.find((c) => c.name === name);
  if (!card) {
    const problem = `there is no ${name}, the card of the ${side} network`;
    return [{ problem, mend: `plug it in, or give another card its name: ${mend}` }];
  }
  if (!card.isUp) return [{ problem: `${name} is off`, mend: `ifup ${name}` }];
  const findings = card.isPlugged ? [] : [{
    problem: `${name} has no cable, or nothing is on at its other end`,
    mend: `plug the cable of the ${side} switch in`,
  }];
  if (card.addresses.includes(ownAddress(plan, side))) return findings;
  const other = SIDES.find((s) => s !== side)!;
  const isOther = card.addresses.includes(ownAddress(plan, other)) &&
    links.online !== links.offline;
  return [...findings, {
    problem: `${name} does not have ${ownAddress(plan, side)} of the ${side} network` +
      (isOther ? `, but the address of the ${other} one` : ""),
    mend,
  }];
}

/**
 * Refuses where this machine would not reach a new host: its network's card must be on and have
 * the thin client's address.
 *
 * @param name The card to look at, where it is not the usual one.
 * @throws {TowerError} `usage`, `not-found`, `offline`
 */
export function requireSide(
  state: CardsState,
  plan: AddressPlan,
  side: Side,
  name: string = side === "online" ? "eth0" : "eth1",
): void {
  if (!/^[ew][A-Za-z0-9_.-]{0,14}$/.test(name)) {
    throw new TowerError(
      "usage",
      `Cannot use "${name.slice(0, 40)}": it is no network card's name`,
    );
  }
  const known = state.cards.map((card) => card.name);
  const links = { online: name, offline: name, wifi: "wlan0" };
  const [finding] = sideFindings(state, plan, links, side);
  if (!finding) return;
  throw new TowerError(
    known.includes(name) ? "offline" : "not-found",
    `Cannot reach hosts of the ${side} network: ${finding.problem}`,
    { hint: `${finding.mend}; --force goes on all the same` },
  );
}
