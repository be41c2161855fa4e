import { type Key, RULES, type ValueRule } from "./rules.ts";

/** Most bytes of the file. */
export const MAX_SIZE = 65536;
const LONGEST_SHOWN = 40;

/** Where the file lies: a host's own copy, or the thin client's, which also has the password. */
export type Place = "thinclient" | "boot";

/** What the thin client's copy may say, and a host cannot do or must not know; with the reason. */
export const NOT_ON_BOOT: Partial<Record<Key, string>> = {
  PASSWORD: "only its hash is needed",
  ALPINE_BRANCH: "packages and their repositories are the image's own",
  DEFAULT_PACKAGES: "packages and their repositories are the image's own",
};

/** A value and the line it stands in, from 1. */
export interface Entry {
  readonly value: string;
  readonly line: number;
}

/** The entries whose values are good, and what is wrong with the rest. */
export interface Lines {
  readonly entries: ReadonlyMap<Key, Entry>;
  /** Keys that are there, whatever their values. */
  readonly named: ReadonlySet<Key>;
  readonly problems: readonly string[];
}

const isKey = (text: string): text is Key => Object.hasOwn(RULES, text);

/** Reads `KEY='value'` lines; empty lines and lines that begin with `#` say nothing. */
export function readLines(bytes: Uint8Array, place: Place): Lines {
  const entries = new Map<Key, Entry>();
  const first = new Map<Key, number>();
  const problems: string[] = [];
  // Byte by byte: what is not plain ASCII is refused, so no decoding can differ from the host's.
  const lines = Array.from(bytes, (b) => String.fromCharCode(b)).join("").split("\n");
  for (const [i, text] of lines.entries()) {
    const line = i + 1;
    if (/[^\x20-\x7e]/.test(text)) {
      problems.push(
        `line ${line}: only plain ASCII text may be used, no accents, tabs or carriage returns`,
      );
      continue;
    }
    if (text === "" || text.startsWith("#")) continue;
    const match = /^([A-Z][A-Z0-9_]*)='([^']*)'$/.exec(text);
    if (!match) {
      problems.push(`line ${line}: must be KEY='value', with no quote inside the value`);
      continue;
    }
    const [, key = "", value = ""] = match;
    if (!isKey(key)) {
      problems.push(`line ${line}: ${shown(key)} is no key of tower.env`);
    } else if (first.has(key)) {
      problems.push(`line ${line}: ${key} is there twice, first in line ${first.get(key)}`);
    } else {
      first.set(key, line);
      const cause = broken(key, value, place);
      if (cause === undefined) entries.set(key, { value, line });
      else problems.push(`line ${line}: ${cause}`);
    }
  }
  return { entries, named: new Set(first.keys()), problems };
}

function broken(key: Key, value: string, place: Place): string | undefined {
  const needless = place === "boot" ? NOT_ON_BOOT[key] : undefined;
  if (needless !== undefined) return `${key} must not be on the boot device: ${needless}`;
  const rule: ValueRule = RULES[key];
  if (rule.isGood(value)) return undefined;
  return `${key} ${rule.isSecret ? "" : `"${shown(value)}" `}must ${rule.says}`;
}

function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
