import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Decompress } from "./decompress.ts";
import { LookupReader } from "./lookup_reader.ts";
import { type MetadataCursor, MetadataReader } from "./metadata_reader.ts";
import { malformed, SUPERBLOCK, viewOf } from "./superblock.ts";
import { decodeText } from "./text.ts";
import { MOST_XATTR_NAME, MOST_XATTR_VALUE, XATTR_PREFIXES } from "./xattr_table.ts";

/** Of a pair's type: its value stands elsewhere, where a reference leads. */
const ELSEWHERE = 0x100;
/** Attributes of one inode: as many names as Linux lists (XATTR_LIST_MAX) of five bytes each. */
const MOST_PAIRS = 65536 / 5;
const SET = 16;
const HEADER = 16;

/** Reads sets of extended attributes; each is kept once it was read. */
export class XattrReader {
  readonly #sets: LookupReader;
  readonly #pairs: MetadataReader;
  readonly #known = new Map<number, ReadonlyMap<string, Uint8Array>>();
  readonly #take: (bytes: number) => void;

  /**
   * @param at where the superblock says that the table is
   * @param take told how many bytes are about to be kept; throws when that is too much
   */
  constructor(
    source: ByteSource,
    at: number,
    end: number,
    decompress: Decompress,
    take: (bytes: number) => void,
  ) {
    if (at + HEADER > end) throw malformed(`its xattr table is at ${at}`);
    const header = viewOf(readExactly(source, at, HEADER));
    const start = Number(header.getBigUint64(0, true));
    if (!(start >= SUPERBLOCK && start < at)) throw malformed(`its xattrs are at ${start}`);
    const count = header.getUint32(8, true);
    this.#sets = new LookupReader(
      source,
      { list: at + HEADER, end, count, entry: SET },
      decompress,
    );
    this.#pairs = new MetadataReader(source, { start, end: at }, decompress);
    this.#take = take;
  }

  /** A set by its number. @throws {TowerError} `malformed`, `limit` */
  set(number: number): ReadonlyMap<string, Uint8Array> {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const entry = this.#sets.entry(number);
    const count = entry.getUint32(8, true);
    if (count > MOST_PAIRS) throw malformed(`an inode has ${count} xattrs`);
    const cursor = this.#pairs.at(placeOf(entry.getBigUint64(0, true)));
    const set = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i++) {
      const [name, value] = this.#pair(cursor);
      set.set(name, value);
    }
    this.#known.set(number, set);
    return set;
  }

  #pair(cursor: MetadataCursor): [string, Uint8Array] {
    const head = cursor.view(4);
    const type = head.getUint16(0, true);
    const length = head.getUint16(2, true);
    const prefix = XATTR_PREFIXES[type & ~ELSEWHERE];
    if (prefix === undefined) throw malformed(`an xattr is of type ${type}`);
    if (length === 0 || length > MOST_XATTR_NAME) {
      throw malformed(`an xattr has a name of ${length}`);
    }
    const name = prefix + decodeText(cursor.take(length), "the name of an xattr");
    const size = cursor.view(4).getUint32(0, true);
    if (!(type & ELSEWHERE)) return [name, this.#value(cursor, size)];
    if (size !== 8) throw malformed(`an xattr is ${size} bytes away`);
    const elsewhere = this.#pairs.at(placeOf(cursor.view(8).getBigUint64(0, true)));
    return [name, this.#value(elsewhere, elsewhere.view(4).getUint32(0, true))];
  }

  #value(cursor: MetadataCursor, size: number): Uint8Array {
    if (size > MOST_XATTR_VALUE) throw malformed(`an xattr has ${size} bytes`);
    this.#take(size);
    return cursor.take(size);
  }
}

function placeOf(reference: bigint): { readonly block: number; readonly offset: number } {
  return { block: Number(reference >> 16n), offset: Number(reference & 0xffffn) };
}
