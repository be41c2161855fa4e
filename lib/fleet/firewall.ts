import type { Arch } from "../brand.ts";
import { renderRestore } from "../firewall/restore.ts";
import { type Position, rulesetOf } from "../firewall/roles.ts";
import { parseSavedRules, ruleLines, type SavedRules } from "../firewall/saved_rules.ts";
import { sysctlsOf } from "../hardening/sysctls.ts";
import { type LineChange, lineChanges } from "../format/line_changes.ts";
import type { Family } from "../ip/address.ts";
import type { TowerEnv } from "../tower_env/tower_env.ts";
import type { Fact } from "./facts/fact.ts";
import { namedInput, partsOf } from "./named_parts.ts";
import {
  argvAs,
  type Machine,
  type Plan,
  sequenceOf,
  type StepProgram,
} from "./operations/step.ts";
import confirm from "./scripts/firewall_confirm.sh" with { type: "text" };
import guard from "./scripts/firewall_guard.sh" with { type: "text" };
import head from "./scripts/firewall_head.sh" with { type: "text" };
import load from "./scripts/firewall_load.sh" with { type: "text" };
import look from "./scripts/firewall_look.sh" with { type: "text" };
import shared from "./scripts/firewall_shared.sh" with { type: "text" };
import parts from "./scripts/parts.sh" with { type: "text" };

/** What Alpine's services iptables, ip6tables and sysctl load at every start. */
export const KEPT_FILES = {
  ipv4: "/etc/iptables/rules-save",
  ipv6: "/etc/iptables/rules6-save",
  settings: "/etc/sysctl.d/tower.conf",
} as const;

/** What machines run, as root, to have their rules changed. */
const LOOK = head + parts + look;
const GUARD = head + shared + guard;
const LOAD = head + shared + load;
const CONFIRM = head + shared + confirm;

/** The rules and settings that a machine should have, as texts of their programs. */
export interface WantedRules {
  readonly ipv4: string;
  readonly ipv6: string;
  /** `key = value`, in the order in which they are set. */
  readonly settings: readonly string[];
}

/** What a machine has. */
export interface RulesState {
  readonly running: Readonly<Record<Family, SavedRules>>;
  /** The texts that are loaded at the next start; empty where there are none. */
  readonly kept: Readonly<Record<keyof typeof KEPT_FILES, string>>;
  /** `key = value`, for those that its kernel has. */
  readonly settings: readonly string[];
  /** Whether services of this machine load the kept files. */
  readonly isLoadedAtStart: boolean;
}

/** A part that is not as it should be. */
export interface RulesChange {
  readonly what: string;
  readonly lines: readonly LineChange[];
}

/** A program to run as root. */
export type RootProgram = Required<StepProgram>;

/** Where the host of a `tower.env` stands, by its own addresses. */
export function positionOfHost(env: TowerEnv): Position {
  const { thinClient, network } = env;
  const place = { link: "eth0", thinClient };
  switch (env.role) {
    case "offline":
      return { role: "offline", ...place };
    case "online":
      return { role: "online", ...place, network, router: env.router };
    case "router":
      return { role: "router", ...place, network, uplink: "wlan0" };
  }
}

/** @param arch Of the machine, where it is known: hosts have the same settings on all. */
export function wantedRules(position: Position, arch: Arch | undefined): WantedRules {
  const ruleset = rulesetOf(position);
  return {
    ipv4: renderRestore(ruleset, "ipv4"),
    ipv6: renderRestore(ruleset, "ipv6"),
    settings: sysctlsOf(position.role, arch),
  };
}

/** What a machine has of these; only root can tell. */
export function rulesFact(wanted: WantedRules): Fact<RulesState> {
  const keys = wanted.settings.map((line) => `${line.split(" = ")[0]}\n`).join("");
  return {
    name: "firewall",
    asking: (machine) => `look at the rules of "${machine}"`,
    script: LOOK,
    input: new TextEncoder().encode(keys),
    deadline: 30,
    limit: 1 << 18,
    explains: true,
    parse: parseRulesState,
  };
}

/**
 * Reads the answer. It may be a lie, which deceives about the machine that lies alone.
 * @throws {TowerError} `malformed`
 */
export function parseRulesState(bytes: Uint8Array): RulesState {
  const parts = partsOf(new TextDecoder().decode(bytes));
  const part = (name: string) => (parts.get(name) ?? []).map((line) => `${line}\n`).join("");
  return {
    running: { ipv4: parseSavedRules(part("ipv4")), ipv6: parseSavedRules(part("ipv6")) },
    kept: {
      ipv4: part("kept-ipv4"),
      ipv6: part("kept-ipv6"),
      settings: part("kept-settings"),
    },
    settings: (parts.get("settings") ?? []).map((line) => line.replaceAll(/[ \t]+/g, " ")),
    isLoadedAtStart: ["iptables", "ip6tables"].every((s) => parts.get("services")?.includes(s)),
  };
}

/** What has to change; nothing where all is in force, and will be at the next start. */
export function rulesChanges(wanted: WantedRules, state: RulesState): RulesChange[] {
  const linesOf = (text: string) => text.split("\n").slice(0, -1);
  const settings = new Set(state.settings.map((line) => line.split(" = ")[0]));
  const changes = [
    ...(["ipv4", "ipv6"] as const).map((family) => ({
      what: `${family} rules in force`,
      lines: lineChanges(
        ruleLines(state.running[family]),
        ruleLines(parseSavedRules(wanted[family])),
      ),
    })),
    {
      what: "kernel settings",
      lines: lineChanges(
        state.settings,
        // What this kernel does not have cannot be set.
        wanted.settings.filter((line) => settings.has(line.split(" = ")[0])),
      ),
    },
    ...(["ipv4", "ipv6"] as const).map((family) => ({
      what: KEPT_FILES[family],
      lines: lineChanges(linesOf(state.kept[family]), linesOf(wanted[family])),
    })),
    {
      what: KEPT_FILES.settings,
      lines: lineChanges(linesOf(state.kept.settings), wanted.settings),
    },
  ];
  return changes.filter(({ lines }) => lines.length > 0);
}

/**
 * Loads the rules and keeps them once a connection that was made after that has proved access,
 * unless all is in force.
 *
 * @param change Its token is hexadecimal digits of chance, its timeout the seconds until the machine
 * takes the old rules back.
 */
export function planRules(
  machine: Machine,
  wanted: WantedRules,
  state: RulesState,
  change: { readonly token: string; readonly timeout: number },
): Plan<Machine> {
  if (rulesChanges(wanted, state).length === 0) return [];
  const { name, become } = machine;
  const { timeout } = change;
  const asRoot = ({ argv, stdin }: RootProgram) => ({
    argv: argvAs(become, argv),
    stdin,
  });
  return [[sequenceOf(machine, {
    kind: "commit",
    title: "load the rules",
    ...asRoot(loadRules(wanted, change)),
    confirm: { title: "keep the new rules", ...asRoot(confirmRules(change.token)) },
    undo: timeout,
    unheard: {
      change: `If they were loaded, the old rules are back ${timeout} s after that`,
      confirm: `It has its old rules again ${timeout} s after it loaded these, unless it heard ` +
        `the confirmation; what is in force: tower firewall apply ${name} --dry-run`,
    },
  })]];
}

/**
 * Loads the rules in place of all that are there, in both families or neither. Without
 * {@linkcode confirmRules} the old ones come back after so many seconds.
 *
 * @param token Hexadecimal digits; the confirmation must have the same.
 */
export function loadRules(
  wanted: WantedRules,
  { token, timeout }: { readonly token: string; readonly timeout: number },
): RootProgram {
  const files = {
    new4: wanted.ipv4,
    new6: wanted.ipv6,
    settings: wanted.settings.map((line) => `${line}\n`).join(""),
    guard: GUARD,
    // A connection that breaks leaves a part of what was to be heard.
    end: "\n",
  };
  return {
    argv: ["sh", "-c", LOAD, "tower-firewall", token, String(timeout)],
    stdin: namedInput(files),
  };
}

/**
 * Keeps the rules that were loaded, also for the next start, and sets the kernel's settings; or tells
 * why the old ones are back. May be asked again where no answer came.
 */
export function confirmRules(token: string): RootProgram {
  return { argv: ["sh", "-c", CONFIRM, "tower-firewall", token], stdin: new Uint8Array() };
}
