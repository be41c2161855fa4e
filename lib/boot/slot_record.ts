import { digestOf, hexOf } from "../bytes/digest.ts";

/** Bytes of a record: a sector. */
const SECTOR = 512;

/**
 * The record of two slots of which A is good and B is empty, as a disk begins with: the first of the two
 * sectors that slot_record.sh tells of. The other one is not whole yet.
 */
export function firstSlotRecord(): Uint8Array {
  const text = "tower-slots 1\nsequence 1\na good 0 0\nb empty 0 0\nfirst a\n";
  const record = new Uint8Array(2 * SECTOR);
  record.set(new TextEncoder().encode(`${text}${hexOf(digestOf(text))}\n`));
  return record;
}
