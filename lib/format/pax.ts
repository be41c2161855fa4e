import { printable, TowerError } from "../errors.ts";
import { compareBytes, concat } from "../bytes/bytes.ts";

const SPACE = 0x20, NEWLINE = 0x0a, EQUALS = 0x3d;

/**
 * The records of a PAX extended header, `<length> <key>=<value>\n` each (POSIX pax, "pax Extended
 * Header"). Values are bytes: extended attributes hold any.
 * @throws {TowerError} `malformed`, also for a key that stands twice, which readers disagree on.
 */
export function parsePax(bytes: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(SPACE, at);
    const length = space < 0 || space - at > 9 ? "" : ascii(bytes.subarray(at, space));
    const end = at + Number(length);
    if (!/^[1-9][0-9]*$/.test(length) || end > bytes.length || bytes[end - 1] !== NEWLINE) {
      throw malformed("a record's length is wrong");
    }
    const equals = bytes.indexOf(EQUALS, space);
    if (equals <= space + 1 || equals >= end) throw malformed("a record has no key");
    const key = decodeUtf8(bytes.subarray(space + 1, equals));
    if (records.has(key)) throw malformed(`record "${key}" stands twice`);
    records.set(key, bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** The bytes of an extended header, records ordered by their key. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const keys = [...records.keys()].sort(compareBytes);
  return concat(keys.flatMap((key) => {
    const value = records.get(key)!;
    const head = encoder.encode(` ${key}=`);
    const rest = head.length + value.length + 1;
    // The length counts its own digits.
    let length = rest + String(rest).length;
    length = rest + String(length).length;
    return [encoder.encode(String(length)), head, value, Uint8Array.of(NEWLINE)];
  }));
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of bytes that must be UTF-8. @throws {TowerError} `malformed`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    const shown = ascii(bytes.subarray(0, 100)).replace(
      /[\x80-\xff]/g,
      (c) => `\\x${c.charCodeAt(0).toString(16)}`,
    );
    throw new TowerError(
      "malformed",
      `Cannot read tar header: "${printable(shown)}" is not UTF-8`,
      {
        cause,
      },
    );
  }
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read tar extended header: ${cause}`);
}
