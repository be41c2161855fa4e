import type { AddressPlan } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import { type LineChange, lineChanges } from "../format/line_changes.ts";
import { addressAt, type IpNetwork, sizeOf } from "../ip/address.ts";
import { foreignNames, foreignStanzas, requireText } from "./foreign_network.ts";
import type { Fact } from "./facts/fact.ts";
import { namedInput, partsOf } from "./named_parts.ts";
import { argvAs, type Machine, type Plan, sequenceOf } from "./operations/step.ts";
import setUp from "./scripts/network_apply.sh" with { type: "text" };
import look from "./scripts/network_look.sh" with { type: "text" };
import parts from "./scripts/parts.sh" with { type: "text" };
import service from "./scripts/tower-cards.sh" with { type: "text" };
import { type CardsState, ownAddress, type Side, SIDES } from "./thin_client_cards.ts";

/** Where the names of cards are kept (nameif(8)), given at every start, and addressed (interfaces(5)). */
export const SETUP_FILES = {
  mactab: "/etc/mactab",
  service: "/etc/init.d/tower-cards",
  interfaces: "/etc/network/interfaces",
} as const;
type SetupFile = keyof typeof SETUP_FILES;

/** The hardware addresses of the cards, by network; with one cable the same. */
export type PinnedCards = Readonly<Record<Side, string>>;

/** How the thin client is cabled, and whether it may reach the Internet by itself. */
export interface SetupOptions {
  readonly oneCable: boolean;
  readonly gateway: boolean;
}

/** A card by its name or hardware address, where the user says one. */
export type CardChoice = Readonly<Partial<Record<Side, string>>>;

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/**
 * Which card serves which network: as the user says; else as it was decided before, also where
 * that card is missing now; else the cards that the kernel calls eth0 and eth1.
 *
 * @param mactab What was decided before.
 * @throws {TowerError} `not-found`, `usage`
 */
export function pinCards(
  state: CardsState,
  mactab: string,
  choice: CardChoice,
  oneCable: boolean,
): PinnedCards {
  const names = { online: "eth0", offline: oneCable ? "eth0" : "eth1" } as const;
  const pinned = (side: Side) => {
    const chosen = choice[oneCable ? "online" : side];
    const earlier = new RegExp(`^${names[side]}[ \t]+(\\S+)`, "m").exec(mactab)?.[1] ?? "";
    const wanted = chosen?.toLowerCase() ?? (MAC.test(earlier) ? earlier : names[side]);
    if (MAC.test(wanted) && chosen === undefined) return wanted;
    const card = state.cards.find(({ name, mac }) => name === wanted || mac === wanted);
    if (card && MAC.test(card.mac)) return card.mac;
    const here = state.cards.map(({ name, mac }) => `${name} (${mac})`).join(", ");
    const more = side === "offline" ? ". With one card: --one-cable" : "";
    throw new TowerError(
      "not-found",
      `Cannot find a card for the ${side} network: there is no "${wanted.slice(0, 40)}"`,
      { hint: `Name one with --${side}; here are ${here || "none"}${more}` },
    );
  };
  const cards = { online: pinned("online"), offline: pinned("offline") };
  if (cards.online === cards.offline && !oneCable) {
    throw new TowerError("usage", `Cannot give both networks to the card ${cards.online}`, {
      hint: "If there is one cable for both: --one-cable",
    });
  }
  return cards;
}

/** The files of a thin client with these cards. */
export function setupFiles(
  cards: PinnedCards,
  plan: AddressPlan,
  { oneCable, gateway }: SetupOptions,
): Readonly<Record<SetupFile, string>> {
  const links = { online: "eth0", offline: oneCable ? "eth0" : "eth1" };
  const sides = oneCable ? ["online" as const] : SIDES;
  const stanza = (side: Side) => [
    "",
    `auto ${links[side]}`,
    `iface ${links[side]} inet static`,
    `\taddress ${plan[side].thinClient}`,
    `\tnetmask ${netmask(plan[side].network)}`,
    ...side === "online" && gateway ? [`\tgateway ${plan.online.router}`] : [],
    ...oneCable ? [`\tup ip addr add ${ownAddress(plan, "offline")} dev ${links.online}`] : [],
  ];
  const lines = (...all: string[]) => all.map((line) => `${line}\n`).join("");
  return {
    mactab: lines(...sides.map((side) => `${links[side]} ${cards[side]}`)),
    service,
    interfaces: lines("auto lo", "iface lo inet loopback", ...sides.flatMap(stanza)),
  };
}

/** The same files with what the machine's own have beside the tower's. @throws {TowerError} `malformed` */
export function keepForeign(
  files: Readonly<Record<SetupFile, string>>,
  cards: PinnedCards,
  { files: before }: SetupState,
): { readonly files: Readonly<Record<SetupFile, string>>; readonly kept: readonly string[] } {
  for (const name of ["mactab", "interfaces"] as const) {
    requireText(before[name], SETUP_FILES[name]);
  }
  const names = foreignNames(before.mactab, Object.values(cards));
  const kept = foreignStanzas(before.interfaces);
  const lines = (all: readonly string[]) => all.map((line) => `${line}\n`).join("");
  return {
    files: {
      ...files,
      mactab: files.mactab + lines(names),
      interfaces: files.interfaces + (kept.length === 0 ? "" : `\n${lines(kept)}`),
    },
    kept: [...names, ...kept],
  };
}

function netmask(network: IpNetwork): string {
  // All addresses but one are free of host bits in the mask.
  return addressAt("0.0.0.0/0" as IpNetwork, 2 ** 32 - sizeOf(network)).toString();
}

/** What a machine has of {@linkcode SETUP_FILES}. */
export interface SetupState {
  readonly files: Readonly<Record<SetupFile, string>>;
  /** Whether all of it is in force now, and at the next start. */
  readonly isStarted: boolean;
  readonly hasOpenrc: boolean;
}

/** What there is of {@linkcode SETUP_FILES}; no root is needed. */
export const SETUP: Fact<SetupState> = {
  name: "setup",
  asking: () => "look at this machine's network",
  script: parts + look,
  deadline: 15,
  limit: 1 << 20,
  explains: true,
  parse: (answer) => parseSetup(new TextDecoder().decode(answer)),
};

function parseSetup(text: string): SetupState {
  const parts = partsOf(text);
  const file = (name: SetupFile) => (parts.get(name) ?? []).map((line) => `${line}\n`).join("");
  return {
    files: {
      mactab: file("mactab"),
      service: file("service"),
      interfaces: file("interfaces"),
    },
    isStarted: parts.get("started")?.[0] === "yes",
    hasOpenrc: parts.get("openrc")?.[0] === "yes",
  };
}

/** The files that would change, each with its lines. */
export function setupChanges(
  wanted: Readonly<Record<SetupFile, string>>,
  { files, isStarted }: SetupState,
): { readonly what: string; readonly lines: readonly LineChange[] }[] {
  const changes = (Object.keys(SETUP_FILES) as SetupFile[]).map((name) => ({
    what: SETUP_FILES[name],
    lines: lineChanges(files[name].split("\n"), wanted[name].split("\n")),
  }));
  const start = {
    what: "services at boot",
    lines: isStarted ? [] : [{ kind: "added" as const, line: "tower-cards" }],
  };
  return [...changes, start].filter(({ lines }) => lines.length > 0);
}

/** What {@linkcode planSetup} has run as root. */
export const SET_UP = setUp;

/** Writes the files and brings the network up by them, unless all of it is as it should be. */
export function planSetup(
  machine: Machine,
  wanted: Readonly<Record<SetupFile, string>>,
  state: SetupState,
): Plan<Machine> {
  if (setupChanges(wanted, state).length === 0) return [];
  const argv = argvAs(machine.become, ["sh", "-c", SET_UP, "tower-network"]);
  const stdin = setupInput(wanted);
  return [[sequenceOf(machine, { kind: "exec", title: "set up the network", argv, stdin })]];
}

export function setupInput(files: Readonly<Record<SetupFile, string>>): Uint8Array {
  return namedInput(files);
}
