import { TowerError } from "../../errors.ts";

/** UTF-16 units that one long-name slot carries. */
const UNITS_PER_SLOT = 13;
const LONGEST = 255;

/** The names of one directory entry. */
export interface FatName {
  readonly name: string;
  /** Eight characters of base and three of extension, padded with spaces, no dot. */
  readonly short: string;
  /** Whether `short` does not spell `name`, so that long-name slots must. */
  readonly long: boolean;
}

/** 32-byte slots that a name takes in its directory. */
export function slotsOf(name: FatName): number {
  return name.long ? 1 + Math.ceil(name.name.length / UNITS_PER_SLOT) : 1;
}

/**
 * Gives each name of one directory a unique 8.3 alias; the same names give the same aliases.
 * Names that have an 8.3 form keep it in upper case, the others get a `~N` tail in the order given.
 *
 * @throws {TowerError} `unsupported` for a name that FAT cannot hold, `conflict` for two names
 * that differ in case alone.
 */
export function aliasNames(names: readonly string[], directory: string): FatName[] {
  const folded = new Map<string, string>();
  const taken = new Set<string>();
  const shorts = new Map<string, string>();
  for (const name of names) {
    checkName(name, directory);
    const other = folded.get(fold(name));
    if (other !== undefined) {
      throw new TowerError(
        "conflict",
        `Cannot put "${name}" into "/${directory}" of a FAT file system: "${other}" differs in case alone`,
      );
    }
    folded.set(fold(name), name);
    const exact = exactShort(name);
    if (exact === undefined) continue;
    taken.add(exact);
    shorts.set(name, exact);
  }
  const nextTail = new Map<string, number>();
  return names.map((name) => {
    const short = shorts.get(name) ?? tailed(name, taken, nextTail);
    return { name, short, long: spelled(short) !== name };
  });
}

/** The checksum of an alias that ties long-name slots to it (Microsoft FAT specification, §7.2). */
export function shortChecksum(short: string): number {
  let sum = 0;
  for (let i = 0; i < 11; i++) sum = ((sum & 1) << 7) + (sum >> 1) + short.charCodeAt(i) & 0xff;
  return sum;
}

function checkName(name: string, directory: string): void {
  const cause = name.length > LONGEST
    ? `it is longer than ${LONGEST} characters`
    : /["*/:<>?\\|\x00-\x1f\x7f]/.test(name)
    ? "FAT forbids one of its characters"
    : /[. ]$/.test(name)
    ? "FAT drops a dot or a space at the end"
    : undefined;
  if (cause === undefined) return;
  const path = directory === "" ? name : `${directory}/${name}`;
  throw new TowerError("unsupported", `Cannot put "/${path}" into a FAT file system: ${cause}`);
}

/** Upper case by single units: what drivers compare by, and never a change of length. */
function fold(name: string): string {
  let out = "";
  for (let i = 0; i < name.length; i++) {
    const upper = name[i]!.toUpperCase();
    out += upper.length === 1 ? upper : name[i];
  }
  return out;
}

/** The alias of a name that fits 8.3 without loss, or undefined. */
function exactShort(name: string): string | undefined {
  const match = /^([A-Z0-9!#$%&'()@^_`{}~-]{1,8})(?:\.([A-Z0-9!#$%&'()@^_`{}~-]{1,3}))?$/i
    .exec(name);
  return match ? padded(match[1]!.toUpperCase(), (match[2] ?? "").toUpperCase()) : undefined;
}

function tailed(name: string, taken: Set<string>, nextTail: Map<string, number>): string {
  const stem = name.replace(/^\.+/, "");
  const dot = stem.lastIndexOf(".");
  const base = legal(dot < 0 ? stem : stem.slice(0, dot));
  const extension = legal(dot < 0 ? "" : stem.slice(dot + 1)).slice(0, 3);
  const key = padded(base.slice(0, 6), extension);
  for (let n = nextTail.get(key) ?? 1;; n++) {
    const tail = `~${n}`;
    const short = padded(base.slice(0, 8 - tail.length) + tail, extension);
    if (taken.has(short)) continue;
    taken.add(short);
    nextTail.set(key, n + 1);
    return short;
  }
}

function legal(part: string): string {
  return part.replace(/[ .]/g, "").replace(/[^A-Za-z0-9!#$%&'()@^_`{}~-]/g, "_").toUpperCase();
}

function padded(base: string, extension: string): string {
  return base.padEnd(8) + extension.padEnd(3);
}

function spelled(short: string): string {
  const base = short.slice(0, 8).trimEnd(), extension = short.slice(8).trimEnd();
  return extension === "" ? base : `${base}.${extension}`;
}
