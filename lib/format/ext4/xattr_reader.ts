/** Extended attributes of an inode (Documentation/filesystems/ext4/attributes.rst). */
import { attributeAcl } from "./acl.ts";
import type { Ext4Inode } from "./inode_reader.ts";
import { decodeText, limit, malformed, unsupported, viewOf } from "./reading.ts";
import type { VolumeReader } from "./volume_reader.ts";
import type { Xattrs } from "./xattr.ts";

const MAGIC = 0xea020000;
const ENTRY = 16;
const BLOCK_HEADER = 32;
/** Bytes of all attributes together, blocks that inodes share counted once. */
const MOST_BYTES = 128 << 20;
/** What a name begins with, by its index; that of the ones that stand alone is all of it. */
const PREFIXES: Readonly<Record<number, string>> = {
  1: "user.",
  2: "system.posix_acl_access",
  3: "system.posix_acl_default",
  4: "trusted.",
  6: "security.",
  7: "system.",
  8: "system.richacl",
};
const ACLS: ReadonlySet<number> = new Set([2, 3]);
/** Where an inode's contents go on that lie in it. */
const INLINE_DATA = "system.data";

/** Where a value lies on the medium, in bytes. */
export interface ValuePlace {
  readonly offset: number;
  readonly size: number;
}

/** What the attributes of an inode are. */
export interface InodeXattrs {
  readonly xattrs: Xattrs | undefined;
  /** The second part of contents that lie in the inode. */
  readonly inlineData: ValuePlace | undefined;
}

interface Attribute {
  readonly index: number;
  readonly name: string;
  readonly value: Uint8Array;
  readonly valueOffset: number;
}

/** Reads the attributes of inodes. */
export class XattrReader {
  readonly #volume: VolumeReader;
  /** Blocks may be those of many inodes. */
  readonly #blocks = new Map<number, readonly Attribute[]>();
  #bytes = 0;

  constructor(volume: VolumeReader) {
    this.#volume = volume;
  }

  /** @throws {TowerError} `malformed`, `unsupported` for a value that has an inode of its own, `limit` */
  of(inode: Ext4Inode): InodeXattrs {
    const attributes = [...this.#inInode(inode), ...this.#inBlock(inode.xattrBlock)];
    const inline = attributes.find(({ name }) => name === INLINE_DATA);
    const others = attributes.filter(({ name }) => name !== INLINE_DATA);
    const xattrs = new Map(
      others.map(({ name, index, value }) =>
        [name, ACLS.has(index) ? aclOf(value) : value] as const
      ),
    );
    if (xattrs.size !== others.length) throw malformed("an attribute is there twice");
    return {
      xattrs: xattrs.size === 0 ? undefined : xattrs,
      inlineData: inline && { offset: inline.valueOffset, size: inline.value.length },
    };
  }

  #inInode({ raw, extraOffset }: Ext4Inode): readonly Attribute[] {
    const { bytes } = raw;
    if (extraOffset + 4 > bytes.length) return [];
    if (viewOf(bytes).getUint32(extraOffset, true) !== MAGIC) return [];
    const first = extraOffset + 4;
    return this.#entries(bytes.subarray(first), 0, raw.offset + first);
  }

  #inBlock(block: number): readonly Attribute[] {
    if (block === 0) return [];
    const known = this.#blocks.get(block);
    if (known !== undefined) return known;
    const bytes = this.#volume.block(block);
    if (viewOf(bytes).getUint32(0, true) !== MAGIC) {
      throw malformed("a block of attributes is none");
    }
    const attributes = this.#entries(bytes, BLOCK_HEADER, this.#volume.offsetOf(block));
    this.#blocks.set(block, attributes);
    return attributes;
  }

  /** Entries from `start` of an area on; places of values count from its first byte. */
  #entries(area: Uint8Array, start: number, areaOffset: number): Attribute[] {
    const view = viewOf(area);
    const attributes: Attribute[] = [];
    for (let at = start;;) {
      // Four zero bytes end them, or the area does.
      if (at + 4 > area.length || view.getUint32(at, true) === 0) return attributes;
      const length = area[at]!;
      const end = at + ENTRY + length;
      if (end > area.length) throw malformed("attributes leave their place");
      const [place, size] = [view.getUint16(at + 2, true), view.getUint32(at + 8, true)];
      if (view.getUint32(at + 4, true) !== 0) throw unsupported("an attribute has its own inode");
      if (place + size > area.length) throw malformed("attributes leave their place");
      this.#bytes += size + length;
      if (this.#bytes > MOST_BYTES) throw limit(`attributes of more than ${MOST_BYTES} bytes`);
      const index = area[at + 1]!;
      attributes.push({
        index,
        name: nameOf(index, area.subarray(at + ENTRY, end)),
        value: area.slice(place, place + size),
        valueOffset: areaOffset + place,
      });
      at = end + (4 - end % 4) % 4;
    }
  }
}

function nameOf(index: number, rest: Uint8Array): string {
  const prefix = PREFIXES[index];
  if (prefix === undefined) throw malformed(`an attribute's name has the index ${index}`);
  const name = prefix + decodeText(rest, "an attribute's name");
  if (name.endsWith(".") || name.includes("\0")) throw malformed("an attribute has no name");
  return name;
}

function aclOf(value: Uint8Array): Uint8Array {
  const acl = attributeAcl(value);
  if (acl === undefined) throw malformed("an access control list is none");
  return acl;
}
