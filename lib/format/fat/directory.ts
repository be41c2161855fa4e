import { type FatName, shortChecksum, slotsOf } from "./name.ts";
import { fatTime } from "./time.ts";

/** Bytes of one directory slot. */
export const SLOT = 32;

/** Attribute bits of a directory entry. */
export const ATTRIBUTE = {
  readOnly: 0x01,
  hidden: 0x02,
  system: 0x04,
  label: 0x08,
  directory: 0x10,
  archive: 0x20,
} as const;
/** Attributes of a slot that holds part of a long name. */
export const LONG_NAME = 0x0f;
/** First byte of a slot whose entry was removed. */
export const FREE_SLOT = 0xe5;

/** Byte offsets in a long-name slot where its 13 UTF-16 units stand. */
export const UNIT_OFFSETS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/** One entry of a directory: what its slots say. */
export interface DirectoryRecord {
  readonly name: FatName;
  readonly attributes: number;
  /** First cluster; 0 for an empty file, a label, and a `..` that means the root. */
  readonly cluster: number;
  /** Length in bytes; 0 for directories. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** A record whose name is no file's: `.`, `..` and the volume label. */
export function plainName(short: string): FatName {
  return { name: short, short: short.padEnd(11), long: false };
}

/** The slots of a directory, one record after another (Microsoft FAT specification, §6 and §7). */
export function encodeDirectory(records: readonly DirectoryRecord[]): Uint8Array {
  const slots = records.reduce((sum, r) => sum + slotsOf(r.name), 0);
  const bytes = new Uint8Array(slots * SLOT);
  let at = 0;
  for (const record of records) {
    const longSlots = slotsOf(record.name) - 1;
    for (let n = longSlots; n >= 1; n--, at += SLOT) {
      encodeLongSlot(bytes.subarray(at, at + SLOT), record.name, n, n === longSlots);
    }
    encodeShortSlot(bytes.subarray(at, at + SLOT), record);
    at += SLOT;
  }
  return bytes;
}

function encodeLongSlot(slot: Uint8Array, name: FatName, n: number, last: boolean): void {
  const view = new DataView(slot.buffer, slot.byteOffset, SLOT);
  slot[0] = n | (last ? 0x40 : 0);
  slot[11] = LONG_NAME;
  slot[13] = shortChecksum(name.short);
  UNIT_OFFSETS.forEach((offset, i) => {
    const index = (n - 1) * UNIT_OFFSETS.length + i;
    const unit = index < name.name.length
      ? name.name.charCodeAt(index)
      : index === name.name.length
      ? 0
      : 0xffff;
    view.setUint16(offset, unit, true);
  });
}

function encodeShortSlot(slot: Uint8Array, record: DirectoryRecord): void {
  const view = new DataView(slot.buffer, slot.byteOffset, SLOT);
  const { date, time } = fatTime(record.mtime);
  for (let i = 0; i < 11; i++) slot[i] = record.name.short.charCodeAt(i);
  slot[11] = record.attributes;
  view.setUint16(14, time, true); // created
  view.setUint16(16, date, true);
  view.setUint16(18, date, true); // accessed
  view.setUint16(20, record.cluster >>> 16, true);
  view.setUint16(22, time, true); // modified
  view.setUint16(24, date, true);
  view.setUint16(26, record.cluster & 0xffff, true);
  view.setUint32(28, record.size, true);
}
