import type { Arch } from "../brand.ts";
import { renderRestore } from "../firewall/restore.ts";
import { type Position, rulesetOf } from "../firewall/roles.ts";
import { parseSavedRules, ruleLines, type SavedRules } from "../firewall/saved_rules.ts";
import { sysctlsOf } from "../hardening/sysctls.ts";
import { type LineChange, lineChanges } from "../format/line_changes.ts";
import type { Family } from "../ip/address.ts";
import type { TowerEnv } from "../tower_env/tower_env.ts";
import { namedInput, partsOf } from "./named_parts.ts";
import { CONFIRM, KEPT_FILES, LOAD, LOOK } from "./firewall_scripts.ts";

/** Most bytes of what a machine tells of its rules; a role has some 2 KiB. */
export const STATE_LIMIT = 1 << 18;

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
export interface RootProgram {
  readonly argv: readonly [string, ...string[]];
  readonly stdin: Uint8Array;
}

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

/** Asks a machine for its {@linkcode RulesState}. */
export function lookAtRules(wanted: WantedRules): RootProgram {
  const keys = wanted.settings.map((line) => `${line.split(" = ")[0]}\n`).join("");
  return { argv: ["sh", "-c", LOOK, "tower-firewall"], stdin: new TextEncoder().encode(keys) };
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
