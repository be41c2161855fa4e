import { TowerError } from "../errors.ts";

/** Most bytes of a desktop entry: the longest of real ones have some 60 KB of translations. */
export const ENTRY_LIMIT = 256 << 10;
const MOST_LINES = 8192;
const MAIN_GROUP = "Desktop Entry";

/** The values of the main group of a desktop entry by key, locale included, as they are written. */
export type DesktopEntry = ReadonlyMap<string, string>;

/**
 * Reads a file of the Desktop Entry Specification 1.5, strictly: what it forbids is refused, so that no
 * other reader finds another value.
 * @throws {TowerError} `malformed`
 */
export function parseDesktopEntry(bytes: Uint8Array): DesktopEntry {
  const lines = linesOf(bytes);
  const groups = new Set<string>();
  const main = new Map<string, string>();
  let group: string | undefined;
  let keys = new Set<string>();
  lines.forEach((line, i) => {
    const refuse = (cause: string) => malformed(`line ${i + 1}: ${cause}`);
    if (line.trim() === "" || line.startsWith("#")) return;
    if (line.startsWith("[")) {
      group = /^\[([\x20-\x5a\x5c\x5e-\x7e]{1,255})\]\s*$/.exec(line)?.[1];
      if (group === undefined) throw refuse("it is no name of a group");
      if (groups.size === 0 && group !== MAIN_GROUP) throw refuse("the main group must be first");
      if (groups.has(group)) throw refuse("a group stands twice");
      groups.add(group);
      keys = new Set();
      return;
    }
    if (group === undefined) throw refuse("it stands before all groups");
    const { key, value } = partsOf(line) ?? {};
    if (key === undefined || value === undefined) throw refuse("it is no key with a value");
    if (keys.has(key)) throw refuse("a key stands twice");
    keys.add(key);
    if (group === MAIN_GROUP) main.set(key, value);
  });
  if (groups.size === 0) throw malformed("it has no group");
  return main;
}

function linesOf(bytes: Uint8Array): string[] {
  if (bytes.length > ENTRY_LIMIT) throw malformed(`it has more than ${ENTRY_LIMIT} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("it is no UTF-8 text");
  }
  const lines = text.split("\n");
  if (lines.length > MOST_LINES) throw malformed(`it has more than ${MOST_LINES} lines`);
  return lines;
}

function partsOf(line: string): { key: string; value: string } | undefined {
  const at = line.indexOf("=");
  const key = line.slice(0, Math.max(at, 0)).trimEnd();
  if (!/^[A-Za-z0-9-]{1,64}(\[[A-Za-z0-9_.@-]{1,64}\])?$/.test(key)) return undefined;
  return { key, value: line.slice(at + 1).trim() };
}

const ESCAPES: Readonly<Record<string, string>> = {
  s: " ",
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
};

/** A value of the type string. @throws {TowerError} `malformed` */
export function stringOf(value: string): string {
  return value.replace(/\\(.?)/gsu, (_, c: string) => {
    const meant = ESCAPES[c];
    if (meant === undefined) throw malformed(`"\\${c}" is no escape`);
    return meant;
  });
}

/** A string as the value that {@linkcode stringOf} reads; it has no other control characters. */
export function valueOf(text: string): string {
  const escaped = text.replace(/[\\\n\t\r]/g, (c) => `\\${"\\ntr"["\\\n\t\r".indexOf(c)]}`);
  return escaped.replace(/^ | $/g, "\\s");
}

/** A value of the type boolean; false where it is missing. @throws {TowerError} `malformed` */
export function booleanOf(value: string | undefined): boolean {
  // 0 and 1 are what the specification had before 1.0, and still stand in files.
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "true" || value === "1") return true;
  throw malformed(`"${value.slice(0, 40)}" is neither true nor false`);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read desktop entry: ${cause}`);
}
