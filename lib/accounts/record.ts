import { printable, TowerError } from "../errors.ts";

/** Most bytes of an account file that are looked at. */
const MAX_FILE = 1 << 20;
/** Most characters of one record: glibc and musl readers grow their buffers, people do not. */
const MAX_LINE = 32 << 10;
/** Highest id: (uid_t)-1 means "no change" to chown(2). */
export const MAX_ID = 0xfffffffe;

/**
 * Whether a text may name a user or group: letters, digits, `_`, `.`, `-`, a `$` at the end, no
 * `-` or `.` in front, not only digits, at most 32 characters. The meeting point of shadow's
 * chkname.c and busybox' die_if_bad_username.c.
 */
export function isAccountName(name: string): boolean {
  return name.length <= 32 && /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(name) && !/^\d+$/.test(name);
}

/** @throws {TowerError} `malformed` when the text is no account name. */
export function requireName(kind: "user" | "group", name: string): string {
  if (isAccountName(name)) return name;
  throw new TowerError(
    "malformed",
    `Cannot use ${kind} name "${printable(name.slice(0, 64))}": a name has at most 32 of the ` +
      `letters, digits, "_", "." and "-" and starts with a letter, digit or "_"`,
  );
}

/** @throws {TowerError} `malformed` when a field would break its line or drive a terminal. */
export function requireField(label: string, value: string): string {
  if (!/[:\x00-\x1f\x7f]/.test(value) && value.length <= 4096) return value;
  throw new TowerError(
    "malformed",
    `Cannot use ${label} "${printable(value.slice(0, 64))}": colons, control characters and ` +
      "more than 4096 characters are not allowed",
  );
}

/** @throws {TowerError} `malformed` when the number is no user or group id. */
export function requireId(label: string, id: number): number {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw new TowerError("malformed", `Cannot use ${label} ${id}: ids go from 0 to ${MAX_ID}`);
}

/** One line of an account file, split at its colons. */
export interface AccountLine {
  readonly fields: readonly string[];
  /** @throws {TowerError} `malformed`, always; the message names file and line. */
  fail(cause: string): never;
}

/**
 * The lines of `/etc/passwd`, `/etc/group` or `/etc/shadow`, each with exactly `count` fields.
 *
 * @throws {TowerError} `malformed` for a wrong number of fields, control characters, an empty
 * line or a bad name; `limit` for a file over 1 MiB or a line over 32 Ki characters.
 */
export function accountLines(path: string, text: string, count: number): AccountLine[] {
  if (text.length > MAX_FILE) {
    throw new TowerError("limit", `Cannot read "${path}": it is longer than ${MAX_FILE} bytes`);
  }
  if (text === "") return [];
  const seen = new Set<string>();
  return text.replace(/\n$/, "").split("\n").map((line, index) => {
    const fail = (cause: string): never => {
      throw new TowerError("malformed", `Cannot read "${path}", line ${index + 1}: ${cause}`);
    };
    if (line.length > MAX_LINE) {
      throw new TowerError("limit", `Cannot read "${path}", line ${index + 1}: it is too long`);
    }
    if (/[\x00-\x1f\x7f]/.test(line)) fail("it has control characters");
    const fields = line.split(":");
    if (fields.length !== count) fail(`it has ${fields.length} fields instead of ${count}`);
    const name = fields[0]!;
    if (!isAccountName(name)) fail(`"${printable(name.slice(0, 64))}" is no account name`);
    if (seen.has(name)) fail(`"${name}" is there twice`);
    seen.add(name);
    return { fields, fail };
  });
}

/** A decimal id of a line. */
export function parseId(line: AccountLine, index: number): number {
  const text = line.fields[index]!;
  const id = /^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : NaN;
  return id <= MAX_ID ? id : line.fail(`"${printable(text.slice(0, 64))}" is no id`);
}
