import { TowerError } from "../errors.ts";
import { decodeUtf8 } from "./pax.ts";

const NONE: ReadonlyMap<string, Uint8Array> = new Map();

/** Text of a record. @throws {TowerError} `malformed`. */
export function paxText(pax: ReadonlyMap<string, Uint8Array>, key: string): string | undefined {
  const value = pax.get(key);
  if (!value) return undefined;
  if (value.includes(0)) throw malformed(`record "${key}" has a NUL`);
  return decodeUtf8(value);
}

/** Whole part of a decimal; PAX times have a fraction. @throws {TowerError} `malformed`. */
export function paxNumber(pax: ReadonlyMap<string, Uint8Array>, key: string): number | undefined {
  const value = paxText(pax, key);
  if (value === undefined) return undefined;
  const pattern = key === "mtime" ? /^[0-9]{1,15}(\.[0-9]{0,30})?$/ : /^[0-9]{1,15}$/;
  if (!pattern.test(value)) throw malformed(`record "${key}" is no number`);
  return Math.floor(Number(value));
}

const XATTR = "SCHILY.xattr.";

/** Extended attributes by their full name, copied. */
export function xattrsOf(pax: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  if (pax.size === 0) return NONE;
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [key, value] of pax) {
    if (!key.startsWith(XATTR)) continue;
    (xattrs ??= new Map()).set(key.slice(XATTR.length), value.slice());
  }
  return xattrs ?? NONE;
}

/**
 * Refuses a sparse file of GNU tar: its content is a list of its holes and the rest, its path none of
 * its own (GNU tar manual, "PAX Format").
 */
export function refuseSparse(pax: ReadonlyMap<string, Uint8Array>, path: string): void {
  for (const key of pax.keys()) {
    if (!key.startsWith("GNU.sparse.")) continue;
    throw new TowerError("unsupported", `Cannot read tar archive: entry "${path}" is sparse`, {
      hint: "pack it as GNU tar does without its option --sparse",
    });
  }
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read tar archive: ${cause}`);
}
