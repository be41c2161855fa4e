import { TowerError } from "../../errors.ts";
import { compareBytes, concat } from "../../bytes/bytes.ts";
import type { BlockCompressor } from "../block_compressor.ts";
import { type Field, fields } from "./fields.ts";
import { lookupTable, MetadataTable, referenceOf } from "./metadata_table.ts";
import { NONE } from "./superblock.ts";

/** Prefixes of names by the number that stands for them; there are no others. */
export const XATTR_PREFIXES = ["user.", "trusted.", "security."] as const;
/** Bytes of a name without its prefix, and of a value: Linux's own (XATTR_NAME_MAX, XATTR_SIZE_MAX). */
export const MOST_XATTR_NAME = 255;
export const MOST_XATTR_VALUE = 65536;

type Xattrs = ReadonlyMap<string, Uint8Array>;

interface Attribute {
  readonly prefix: number;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** The sets of extended attributes; equal ones are written once. */
export class XattrTable {
  readonly #pairs: MetadataTable;
  readonly #compressor: BlockCompressor;
  readonly #known = new Map<string, number>();
  readonly #sets: Field[] = [];

  constructor(compressor: BlockCompressor) {
    this.#compressor = compressor;
    this.#pairs = new MetadataTable(compressor);
  }

  /**
   * The number of a set; {@linkcode NONE} for none.
   * @param path of whom they are, for messages
   */
  async numberOf(path: string, xattrs: Xattrs | undefined): Promise<number> {
    if (!xattrs || xattrs.size === 0) return NONE;
    const attributes = attributesOf(path, xattrs);
    const bytes = concat(attributes.map(encodePair));
    const key = bytes.toBase64();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const reference = referenceOf(this.#pairs.place);
    await this.#pairs.put(bytes);
    const size = attributes.reduce((sum, a) => sum + listedSize(a), 0);
    this.#sets.push([8, reference], [4, attributes.length], [4, size]);
    const number = this.#known.size;
    this.#known.set(key, number);
    return number;
  }

  /**
   * The whole table and where from its start the part is that the superblock points to; undefined
   * where there are no attributes.
   * @param base where it comes on the medium
   */
  async end(base: number): Promise<{ bytes: Uint8Array; header: number } | undefined> {
    if (this.#known.size === 0) return undefined;
    const { bytes: pairs } = await this.#pairs.end();
    const sets = await lookupTable(fields(this.#sets), base + pairs.length, this.#compressor);
    const header = fields([[8, base], [4, this.#known.size], [4, 0]]);
    return {
      bytes: concat([
        pairs,
        sets.bytes.subarray(0, sets.list),
        header,
        sets.bytes.subarray(sets.list),
      ]),
      header: pairs.length + sets.list,
    };
  }
}

/**
 * A set as it is stored, in the order of its names.
 * @throws {TowerError} `unsupported` for a name that squashfs does not have, or too many bytes
 */
export function attributesOf(path: string, xattrs: Xattrs): readonly Attribute[] {
  return [...xattrs].sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => attributeOf(path, name, value));
}

function attributeOf(path: string, name: string, value: Uint8Array): Attribute {
  const refuse = (cause: string) =>
    new TowerError("unsupported", `Cannot write "/${path}" to squashfs: ${cause}`);
  const prefix = XATTR_PREFIXES.findIndex((prefix) => name.startsWith(prefix));
  if (prefix < 0) throw refuse(`it has no place for the extended attribute "${name}"`);
  const rest = new TextEncoder().encode(name.slice(XATTR_PREFIXES[prefix]!.length));
  if (rest.length === 0 || rest.length > MOST_XATTR_NAME) {
    throw refuse(`the extended attribute "${name}" has a name of ${rest.length} bytes`);
  }
  if (value.length > MOST_XATTR_VALUE) {
    throw refuse(`the extended attribute "${name}" has ${value.length} bytes`);
  }
  return { prefix, name: rest, value };
}

function encodePair({ prefix, name, value }: Attribute): Uint8Array {
  return concat([
    fields([[2, prefix], [2, name.length]]),
    name,
    fields([[4, value.length]]),
    value,
  ]);
}

/** What listxattr(2) needs for a name. */
function listedSize({ prefix, name }: Attribute): number {
  return XATTR_PREFIXES[prefix]!.length + name.length + 1;
}
