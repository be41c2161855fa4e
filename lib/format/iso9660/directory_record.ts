import type { SystemUse } from "./rock_ridge.ts";
import { CE_SIZE } from "./rock_ridge.ts";
import { setBoth16, setBoth32 } from "./sector.ts";

/** Bytes of a record before its identifier (ECMA-119 §9.1). */
const HEAD = 33;
/** Longest record: its length is a byte, and even. */
const LONGEST = 254;

export const RECORD_FLAG = { directory: 2, goesOn: 0x80 } as const;

/** Identifiers of a directory's own record and of its parent's (§7.6.2). */
export const SELF = "\0";
export const PARENT = "\x01";

/** A run of sectors that a record names. */
export interface Extent {
  readonly sector: number;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a record without its entries. */
function headSize(id: string): number {
  return HEAD + id.length + (id.length % 2 === 0 ? 1 : 0);
}

/** Bytes of a record that entries may take, one that leads on included or not. */
export function roomFor(id: string): number {
  return LONGEST - headSize(id);
}

/** Bytes of a whole record. */
export function recordSize(id: string, { inline, areas }: SystemUse): number {
  const size = headSize(id) + inline.length + (areas.length > 0 ? CE_SIZE : 0);
  return size + size % 2;
}

/**
 * Writes a record.
 * @param date seven bytes
 * @param entries those of the record itself, with the one that leads on
 */
export function encodeRecord(
  into: Uint8Array,
  { id, extent, flags, date, entries }: {
    readonly id: string;
    readonly extent: Extent;
    readonly flags: number;
    readonly date: Uint8Array;
    readonly entries: readonly Uint8Array[];
  },
): void {
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  into[0] = into.length;
  setBoth32(view, 2, extent.sector);
  setBoth32(view, 10, extent.size);
  into.set(date, 18);
  into[25] = flags;
  setBoth16(view, 28, 1);
  into[32] = id.length;
  for (let i = 0; i < id.length; i++) into[HEAD + i] = id.charCodeAt(i);
  let at = headSize(id);
  for (const entry of entries) {
    into.set(entry, at);
    at += entry.length;
  }
}
