import { decodeCodePage } from "./code_page.ts";
import { ATTRIBUTE, FREE_SLOT, LONG_NAME, SLOT, UNIT_OFFSETS } from "./directory.ts";
import { shortChecksum } from "./name.ts";
import { secondsOfFat } from "./time.ts";

/** Of a long name's first slot on the medium: the name ends in it. */
const LAST = 0x40;
/** A long name has 255 units at most. */
const MOST_PARTS = 20;
/** Bits of byte 12, of Windows NT: base and extension are in lower case. */
const LOWER = { base: 0x08, extension: 0x10 } as const;
/** Stands in a slot for a name's first byte 0xE5, which would be a removed entry. */
const KANJI = 0x05;

/** What a directory says of one of its files. */
export interface FatEntry {
  readonly kind: "file" | "directory" | "label";
  readonly name: string;
  readonly isReadOnly: boolean;
  /** 0 for an empty file. */
  readonly cluster: number;
  /** Bytes; 0 for directories. */
  readonly size: number;
  /** Seconds since 1970, 0 where the entry has no time. */
  readonly mtime: number;
}

/**
 * The entries of a directory in its order, without `.` and `..` (Microsoft FAT specification, §6 and
 * §7). A long name whose slots are not all there, or of another alias, is left behind by a system
 * without long names: the short one counts.
 */
export function* readFatDirectory(bytes: Uint8Array): Generator<FatEntry> {
  let long = new LongName();
  for (let at = 0; at + SLOT <= bytes.length; at += SLOT) {
    const slot = bytes.subarray(at, at + SLOT);
    if (slot[0] === 0) return;
    const isLong = (slot[11]! & 0x3f) === LONG_NAME;
    if (isLong && slot[0] !== FREE_SLOT) {
      long.take(slot);
      continue;
    }
    const name = long.of(slot);
    long = new LongName();
    // "." begins only the two entries of a directory for itself and for what it lies in.
    if (slot[0] !== FREE_SLOT && slot[0] !== 0x2e) yield entryOf(slot, name ?? shortName(slot));
  }
}

function entryOf(slot: Uint8Array, name: string): FatEntry {
  const view = new DataView(slot.buffer, slot.byteOffset, SLOT);
  const attributes = slot[11]!;
  const isDirectory = (attributes & ATTRIBUTE.directory) !== 0;
  const isLabel = (attributes & ATTRIBUTE.label) !== 0;
  return {
    kind: isLabel ? "label" : isDirectory ? "directory" : "file",
    name,
    isReadOnly: (attributes & ATTRIBUTE.readOnly) !== 0,
    cluster: view.getUint16(20, true) * 0x10000 + view.getUint16(26, true),
    size: isDirectory || isLabel ? 0 : view.getUint32(28, true),
    mtime: secondsOfFat({ date: view.getUint16(24, true), time: view.getUint16(22, true) }) ?? 0,
  };
}

function shortName(slot: Uint8Array): string {
  const bytes = slot.slice(0, 11);
  if (bytes[0] === KANJI) bytes[0] = FREE_SLOT;
  const part = (from: number, to: number, lower: number) => {
    const text = decodeCodePage(bytes.subarray(from, to)).replace(/ +$/, "");
    return slot[12]! & lower ? text.toLowerCase() : text;
  };
  const base = part(0, 8, LOWER.base), extension = part(8, 11, LOWER.extension);
  return extension === "" ? base : `${base}.${extension}`;
}

/** Collects the slots of a long name, whose last part stands first. */
class LongName {
  #parts: string[] = [];
  #next = 0;
  #sum: number | undefined;

  take(slot: Uint8Array): void {
    const number = slot[0]! & ~LAST;
    if (slot[0]! & LAST) {
      [this.#parts, this.#sum, this.#next] = [[], slot[13]!, number];
    } else if (number !== this.#next - 1 || slot[13] !== this.#sum) {
      this.#sum = undefined;
      return;
    }
    this.#next = number;
    if (number < 1 || number > MOST_PARTS) this.#sum = undefined;
    this.#parts.unshift(
      String.fromCharCode(...UNIT_OFFSETS.map((at) => slot[at]! | slot[at + 1]! << 8)),
    );
  }

  /** The name, where it is whole and of this entry. */
  of(slot: Uint8Array): string | undefined {
    const short = String.fromCharCode(...slot.subarray(0, 11));
    if (this.#next !== 1 || this.#sum !== shortChecksum(short)) return undefined;
    return this.#parts.join("").replace(/\0.*$/s, "");
  }
}
