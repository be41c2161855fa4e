import { type Entry, sizeOf } from "../../tree/entry.ts";
import { type FileTree, nameOf } from "../../tree/file_tree.ts";
import type { BlockCompressor } from "../block_compressor.ts";
import type { StoredFile } from "./data_writer.ts";
import { type Dirent, putListing } from "./directory.ts";
import {
  encodeDevice,
  encodeDirectory,
  encodeFifo,
  encodeFile,
  encodeSymlink,
  type InodeHead,
  KIND,
  type Listing,
} from "./inode.ts";
import { MetadataTable, type Place, referenceOf } from "./metadata_table.ts";
import { fileOf, type Numbering } from "./numbering.ts";
import { Owners } from "./owners.ts";
import { XattrTable } from "./xattr_table.ts";

/** What tells about the contents. */
export interface WrittenInodes {
  readonly inodes: Uint8Array;
  readonly directories: Uint8Array;
  /** Reference of the root's inode. */
  readonly root: number;
  /** The export table's entries: the reference of each inode, by number. */
  readonly places: Uint8Array;
  readonly owners: Owners;
  readonly xattrs: XattrTable;
}

const ENCODER = new TextEncoder();

/**
 * Writes inodes and listings. A listing needs the places of the inodes below it, and a directory's
 * inode the place of its listing: so what is deepest comes first.
 */
export class InodeWriter {
  readonly #tree: FileTree;
  readonly #numbering: Numbering;
  readonly #files: ReadonlyMap<string, StoredFile>;
  readonly #inodes: MetadataTable;
  readonly #directories: MetadataTable;
  readonly #places: BigUint64Array<ArrayBuffer>;
  readonly #owners = new Owners();
  readonly #xattrs: XattrTable;
  /** Where the inodes of files with several names are, by number. */
  readonly #linked = new Map<number, Place>();

  constructor(
    tree: FileTree,
    numbering: Numbering,
    files: ReadonlyMap<string, StoredFile>,
    compressor: BlockCompressor,
  ) {
    this.#tree = tree;
    this.#numbering = numbering;
    this.#files = files;
    this.#inodes = new MetadataTable(compressor);
    this.#directories = new MetadataTable(compressor);
    this.#xattrs = new XattrTable(compressor);
    this.#places = new BigUint64Array(numbering.count);
  }

  async write(): Promise<WrittenInodes> {
    const root = this.#tree.get("")!;
    const { listing, folders } = await this.#list("", ROOT);
    // The root's parent is a number that no inode has, as mksquashfs has it.
    const parent = this.#numbering.count + 1;
    const place = await this.#putDirectory(root, ROOT, parent, listing, folders);
    return {
      inodes: (await this.#inodes.end()).bytes,
      directories: (await this.#directories.end()).bytes,
      root: referenceOf(place),
      places: littleEndian(this.#places),
      owners: this.#owners,
      xattrs: this.#xattrs,
    };
  }

  /** Writes all below a directory, and its listing. */
  async #list(path: string, number: number): Promise<{ listing: Listing; folders: number }> {
    const below = new Map<string, { listing: Listing; folders: number }>();
    for (const { child, number } of this.#numbering.childrenOf(path)) {
      if (child.type === "directory") below.set(child.path, await this.#list(child.path, number));
    }
    const dirents: Dirent[] = [];
    for (const { child, number: own } of this.#numbering.childrenOf(path)) {
      const inside = below.get(child.path);
      const inode = inside
        ? await this.#putDirectory(child, own, number, inside.listing, inside.folders)
        : await this.#putOther(child, own);
      const kind = KIND[child.type === "hardlink" ? "file" : child.type];
      dirents.push({ name: ENCODER.encode(nameOf(child.path)), inode, number: own, kind });
    }
    return { listing: await putListing(this.#directories, dirents), folders: below.size };
  }

  async #putDirectory(
    entry: Entry,
    number: number,
    parent: number,
    listing: Listing,
    folders: number,
  ): Promise<Place> {
    const head = await this.#headOf(entry, number, 2 + folders);
    return await this.#put(number, encodeDirectory(head, listing, parent));
  }

  async #putOther(entry: Entry, number: number): Promise<Place> {
    const known = this.#linked.get(number);
    if (known) return known;
    const place = await this.#put(number, await this.#encode(entry, number));
    if (this.#numbering.linkedTo(entry)) this.#linked.set(number, place);
    return place;
  }

  async #encode(entry: Entry, number: number): Promise<Uint8Array> {
    const file = fileOf(this.#tree, entry);
    if (file) {
      const links = this.#numbering.linkedTo(file)?.links ?? 1;
      const head = await this.#headOf(file, number, links);
      return encodeFile(head, sizeOf(file.content), this.#files.get(file.path)!);
    }
    const head = await this.#headOf(entry, number, 1);
    switch (entry.type) {
      case "symlink":
        return encodeSymlink(head, ENCODER.encode(entry.target));
      case "char":
      case "block":
        return encodeDevice(entry.type, head, entry);
      default:
        return encodeFifo(head);
    }
  }

  async #headOf(entry: Entry, number: number, links: number): Promise<InodeHead> {
    const { mode, uid, gid, mtime, path, xattrs } = entry;
    return {
      ...{ mode, mtime: Math.floor(mtime), number, links },
      uid: this.#owners.placeOf(uid),
      gid: this.#owners.placeOf(gid),
      xattrs: await this.#xattrs.numberOf(path, xattrs),
    };
  }

  async #put(number: number, inode: Uint8Array): Promise<Place> {
    const place = this.#inodes.place;
    await this.#inodes.put(inode);
    this.#places[number - 1] = BigInt(referenceOf(place));
    return place;
  }
}

const ROOT = 1;

function littleEndian(numbers: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(8 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setBigUint64(8 * i, number, true));
  return bytes;
}
