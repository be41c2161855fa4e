import type { AddressPlan } from "../address_plan/address_plan.ts";
import { TowerError } from "../errors.ts";
import { type LineChange, lineChanges } from "../format/line_changes.ts";
import { addressAt, type IpNetwork, sizeOf } from "../ip/address.ts";
import { foreignNames, foreignStanzas, requireText } from "./foreign_network.ts";
import { namedInput, PART_FUNCTIONS, partsOf } from "./named_parts.ts";
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
    service: SERVICE,
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

/** Is there from the first change to the last; after a restart the files are in force anyway. */
const UNSETTLED = "/run/tower-network-unsettled";

/** Tells it. */
export const LOOK_AT_SETUP = `${PART_FUNCTIONS}
${
  Object.entries(SETUP_FILES).map(([name, path]) => `part ${name}; kept ${path}\n`).join("")
}part started
if [ -L /etc/runlevels/boot/tower-cards ] && [ -L /etc/runlevels/boot/networking ] &&
	[ ! -e ${UNSETTLED} ]; then echo yes; fi
part openrc; if [ -e /sbin/openrc-run ]; then echo yes; fi
`;

export function parseSetup(text: string): SetupState {
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

/**
 * Writes the files whole, links followed, and brings the network up by them; cut off anywhere, it is
 * done again. What the machine had before the first time stays beside each. Standard input is
 * {@linkcode setupInput}.
 */
export const SET_UP = `set -eu
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
input=$(cat)
put() {
	if [ -L "$2" ]; then set -- "$1" "$(readlink -f "$2")" "$3"; fi
	mkdir -p "\${2%/*}"
	printf '%s\\n' "$input" | sed -n "s/^$1|//p" >"$2.new"
	chmod "$3" "$2.new"
	sync
	mv "$2.new" "$2"
}
keep() {
	[ -e "$1" ] && [ ! -e "$1.before-tower" ] || return 0
	cp -p "$1" "$1.before-tower.new"
	sync
	mv "$1.before-tower.new" "$1.before-tower"
}
: >${UNSETTLED}
keep ${SETUP_FILES.mactab}
keep ${SETUP_FILES.interfaces}
put mactab ${SETUP_FILES.mactab} 0644
put service ${SETUP_FILES.service} 0755
put interfaces ${SETUP_FILES.interfaces} 0644
sync
rc-update -q add tower-cards boot
rc-update -q add networking boot
rc-service -q networking stop || :
rc-service -q tower-cards restart
rc-service -q networking start
rm ${UNSETTLED}
`;

export function setupInput(files: Readonly<Record<SetupFile, string>>): Uint8Array {
  return namedInput(files);
}

/**
 * Names the cards before any gets an address. Cards that have another's name step aside first, as
 * two may have each other's; so does a strange card, which must not get a network's address. A
 * card that is not there is told of, and nothing is renamed to nothing (facts E24).
 */
const SERVICE = `#!/sbin/openrc-run
description="Gives each network card the name that /etc/mactab has for it"

depend() {
	after hwdrivers modules udev-settle
	before networking net
	keyword -prefix
}

has_card() { [ -e "/sys/class/net/$1" ]; }
address_of() { cat "/sys/class/net/$1/address" 2>/dev/null; }

rename_card() {
	ip link set dev "$1" down && ip link set dev "$1" name "$2"
}

start() {
	local name address other card found failed=0 spare=0
	ebegin "Naming the network cards"
	while read -r name address other; do
		case $name in '' | '#'*) continue ;; esac
		has_card "$name" || continue
		[ "$(address_of "$name")" != "$address" ] || continue
		while has_card "aside$spare"; do spare=$((spare + 1)); done
		rename_card "$name" "aside$spare" || failed=1
	done </etc/mactab
	while read -r name address other; do
		case $name in '' | '#'*) continue ;; esac
		found=
		for card in /sys/class/net/*; do
			card=\${card##*/}
			[ "$(cat "/sys/class/net/$card/type")" = 1 ] || continue
			[ "$(address_of "$card")" = "$address" ] || continue
			found=$card
			break
		done
		if [ -z "$address" ] || [ -z "$found" ]; then
			ewarn "There is no card \${address:-(none)}: nothing is called $name"
		elif [ "$found" != "$name" ]; then
			rename_card "$found" "$name" || failed=1
		fi
	done </etc/mactab
	eend "$failed"
}
`;
