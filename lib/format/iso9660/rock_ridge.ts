import { concat } from "../../bytes/bytes.ts";
import type { Entry } from "../../tree/entry.ts";
import { shortDate } from "./date.ts";
import { ISO_SECTOR, setBoth32 } from "./sector.ts";

/** Bytes of the entry that says where a continuation area lies. */
export const CE_SIZE = 28;
/** Longest value of one entry, whose length is a byte. */
const LONGEST_ENTRY = 255;

/** File types in the modes of PX (POSIX, sys/stat.h). */
export const FILE_TYPE = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;

/** What Rock Ridge says of an entry beside its name and its link. */
export interface PosixNode {
  readonly type: keyof typeof FILE_TYPE;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Number of the file: names of the same file share it. */
  readonly serial: number;
  readonly mtime: number;
}

function entry(signature: string, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + value.length);
  bytes.set([signature.charCodeAt(0), signature.charCodeAt(1), bytes.length, 1]);
  bytes.set(value, 4);
  return bytes;
}

function numbers(signature: string, ...values: readonly number[]): Uint8Array {
  const value = new Uint8Array(8 * values.length);
  const view = new DataView(value.buffer);
  values.forEach((number, i) => setBoth32(view, 8 * i, number));
  return entry(signature, value);
}

/** PX and TF (IEEE P1282 §4.1.1, §4.1.6): attributes, then modified, read and changed. */
export function posixEntries(node: PosixNode): Uint8Array {
  const { type, mode, links, uid, gid, serial, mtime } = node;
  const date = shortDate(mtime);
  return concat([
    numbers("PX", FILE_TYPE[type] | mode, links, uid, gid, serial),
    entry("TF", concat([Uint8Array.of(0x0e), date, date, date])),
  ]);
}

/** What the root's own record begins with: SP (SUSP §5.3), and ER (§5.5), which names the extension. */
export function rootEntries(): Uint8Array {
  const id = new TextEncoder().encode("IEEE_P1282");
  return concat([
    entry("SP", Uint8Array.of(0xbe, 0xef, 0)),
    entry("ER", concat([Uint8Array.of(id.length, 0, 0, 1), id])),
  ]);
}

/** The name, and what a link or a device leads to: any number of entries. */
export function nameEntries(name: string, node: Entry): Uint8Array[] {
  const entries = pieces("NM", new TextEncoder().encode(name));
  if (node.type === "char" || node.type === "block") {
    entries.push(numbers("PN", ...deviceNumber(node.major, node.minor)));
  } else if (node.type === "symlink") entries.push(...linkEntries(node.target));
  return entries;
}

/**
 * P1282 §4.1.2 has two halves of 32 bits. Programs of 64 bits put a whole small number into the low
 * one; Linux takes that apart by bytes where the high one is 0, and else one number from each.
 */
function deviceNumber(major: number, minor: number): [high: number, low: number] {
  return minor < 0x100 && major < 0x1000 ? [0, major << 8 | minor] : [major, minor];
}

/** A value in entries of one byte of flags: 1 says that the next one goes on. */
function pieces(signature: string, value: Uint8Array): Uint8Array[] {
  const most = LONGEST_ENTRY - 5;
  const count = Math.max(1, Math.ceil(value.length / most));
  return Array.from({ length: count }, (_, i) => {
    const part = value.subarray(i * most, (i + 1) * most);
    return entry(signature, concat([Uint8Array.of(i < count - 1 ? 1 : 0), part]));
  });
}

/** Flags of a link's components. */
const COMPONENT = { goesOn: 1, self: 2, parent: 4, root: 8 } as const;
/** Longest part of a name in one component of one entry. */
const LONGEST_COMPONENT = LONGEST_ENTRY - 5 - 2;

/** SL (§4.1.3): the parts of a path, each with flags and a length. */
function linkEntries(target: string): Uint8Array[] {
  const [first, ...rest] = target.split("/");
  const parts = [
    ...(target.startsWith("/") ? [component(COMPONENT.root)] : components(first!)),
    ...(target === "/" ? [] : rest.flatMap(components)),
  ];
  const values: Uint8Array[][] = [[]];
  let size = 5;
  for (const part of parts) {
    if (size + part.length > LONGEST_ENTRY) {
      values.push([]);
      size = 5;
    }
    values.at(-1)!.push(part);
    size += part.length;
  }
  return values.map((value, i) =>
    entry("SL", concat([Uint8Array.of(i < values.length - 1 ? 1 : 0), ...value]))
  );
}

function components(name: string): Uint8Array[] {
  if (name === ".") return [component(COMPONENT.self)];
  if (name === "..") return [component(COMPONENT.parent)];
  const bytes = new TextEncoder().encode(name);
  const count = Math.max(1, Math.ceil(bytes.length / LONGEST_COMPONENT));
  return Array.from({ length: count }, (_, i) => {
    const part = bytes.subarray(i * LONGEST_COMPONENT, (i + 1) * LONGEST_COMPONENT);
    return component(i < count - 1 ? COMPONENT.goesOn : 0, part);
  });
}

function component(flags: number, name = new Uint8Array()): Uint8Array {
  return concat([Uint8Array.of(flags, name.length), name]);
}

/** What a record has of entries: some in itself, the others in areas elsewhere. */
export interface SystemUse {
  readonly inline: Uint8Array;
  /** Each at most a sector, with room for the entry that leads to the next. */
  readonly areas: readonly Uint8Array[];
}

/** Puts the name's entries into a record where they fit, and else into continuation areas. */
export function systemUse(
  fixed: Uint8Array,
  named: readonly Uint8Array[],
  room: number,
): SystemUse {
  const whole = concat([fixed, ...named]);
  if (whole.length <= room) return { inline: whole, areas: [] };
  const areas: Uint8Array[][] = [[]];
  let size = 0;
  for (const one of named) {
    if (size + one.length > ISO_SECTOR - CE_SIZE) {
      areas.push([]);
      size = 0;
    }
    areas.at(-1)!.push(one);
    size += one.length;
  }
  return { inline: fixed, areas: areas.map(concat) };
}

/** Where a continuation area lies. */
export interface AreaPlace {
  readonly sector: number;
  readonly offset: number;
  readonly length: number;
}

/** CE (SUSP §5.1). */
export function continuationEntry({ sector, offset, length }: AreaPlace): Uint8Array {
  return numbers("CE", sector, offset, length);
}
