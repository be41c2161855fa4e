import type { Digest } from "../../brand.ts";
import { TowerError } from "../../errors.ts";
import { type Breathe, inBreaths, inOneBreath, type Steps } from "../../breathe.ts";
import type { ByteSource } from "../../bytes/bytes.ts";
import type { ContentReader, Entry, EntryBase, FileEntry } from "../../tree/entry.ts";
import { childOf, FileTree } from "../../tree/file_tree.ts";
import { ContentsReader } from "./contents_reader.ts";
import { type Decompress, decompressorFor } from "./decompress.ts";
import { readListing } from "./directory_reader.ts";
import { NOWHERE } from "./fields.ts";
import { type Inode, readInode } from "./inode_reader.ts";
import { LookupReader } from "./lookup_reader.ts";
import { MetadataReader } from "./metadata_reader.ts";
import { referenceOf } from "./metadata_table.ts";
import { malformed, NONE, readSuperblock, type Superblock } from "./superblock.ts";
import { decodeText } from "./text.ts";
import { XattrReader } from "./xattr_reader.ts";

/** What an image may ask for. */
export interface SquashfsLimits {
  /** Names in all directories together. */
  readonly entries: number;
  /** Bytes of all paths, targets of links and extended attributes together. */
  readonly bytes: number;
}

export const SQUASHFS_LIMITS: SquashfsLimits = { entries: 2_000_000, bytes: 512 << 20 };

/** An image as a tree. */
export interface SquashfsImage {
  readonly superblock: Superblock;
  readonly tree: FileTree;
  /** Opens what the tree's contents name: read and decompressed as it is asked for. */
  readonly contents: ContentReader;
}

/**
 * Reads squashfs 4.0, whoever wrote it. Nothing in it is believed: each place, count and size is
 * held against the file before anything is read or made room for.
 *
 * @param name what the image is called in the tree's contents, such as its digest
 * @throws {TowerError} `malformed`; `unsupported` for a compressor or an entry that a tree does not
 * have; `limit`
 */
export async function readSquashfs(
  source: ByteSource,
  name: Digest,
  limits: SquashfsLimits = SQUASHFS_LIMITS,
  breathe: Breathe = inOneBreath,
): Promise<SquashfsImage> {
  const superblock = readSuperblock(source);
  const decompress = await decompressorFor(superblock.compressor);
  try {
    const reader = new TreeReader(source, superblock, decompress, { name, limits });
    return { superblock, ...await inBreaths(reader.read(), breathe) };
  } catch (error) {
    // A source that ends is a reader's mistake: it was asked for no more than its size.
    if (error instanceof RangeError) throw malformed("it ends too early", error);
    throw error;
  }
}

/** A directory whose listing is to be read. */
interface Pending {
  readonly path: string;
  readonly inode: Inode & { readonly kind: "directory" };
}

class TreeReader {
  readonly #superblock: Superblock;
  readonly #name: Digest;
  readonly #limits: SquashfsLimits;
  readonly #inodes: MetadataReader;
  readonly #directories: MetadataReader;
  readonly #owners: LookupReader;
  readonly #xattrs: XattrReader | undefined;
  readonly #contents: ContentsReader;
  /** References of directories. */
  readonly #seen = new Set<number>();
  /** Files by the reference of their inode. */
  readonly #files = new Map<number, string>();
  #entries = 0;
  #bytes = 0;

  constructor(
    source: ByteSource,
    superblock: Superblock,
    decompress: Decompress,
    { name, limits }: { readonly name: Digest; readonly limits: SquashfsLimits },
  ) {
    this.#superblock = superblock;
    this.#name = name;
    this.#limits = limits;
    const { inodeTable, directoryTable, bytesUsed: end, fragments, ids } = superblock;
    const region = { start: inodeTable, end: directoryTable };
    this.#inodes = new MetadataReader(source, region, decompress);
    this.#directories = new MetadataReader(source, { start: directoryTable, end }, decompress);
    const table = (list: number, count: number, entry: number) =>
      new LookupReader(source, { list, end, count, entry }, decompress);
    this.#owners = table(superblock.idTable, ids, 4);
    const tails = fragments === 0 ? undefined : table(superblock.fragmentTable, fragments, 16);
    this.#contents = new ContentsReader(source, superblock, tails, decompress);
    const take = (bytes: number) => this.#take(bytes);
    this.#xattrs = superblock.xattrTable === NOWHERE
      ? undefined
      : new XattrReader(source, superblock.xattrTable, end, decompress, take);
  }

  *read(): Steps<Pick<SquashfsImage, "tree" | "contents">> {
    const root = this.#inode(this.#superblock.root);
    if (root.kind !== "directory") throw malformed("its root is no directory");
    const tree = new FileTree(this.#base("", root));
    const pending: Pending[] = [{ path: "", inode: root }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      this.#list(tree, next, pending);
      yield;
    }
    const contents: ContentReader = {
      open: (blob) => {
        if (blob === this.#name) return this.#contents;
        throw new TowerError("not-found", `Cannot read "${blob}": it is not the image's`);
      },
    };
    return { tree, contents };
  }

  #list(tree: FileTree, { path, inode: { block, offset, size } }: Pending, pending: Pending[]) {
    const cursor = this.#directories.at({ block, offset });
    for (const { name, ...place } of readListing(cursor, size)) {
      const child = childOf(path, name);
      if (++this.#entries > this.#limits.entries) {
        throw limit(`more than ${this.#limits.entries} entries`);
      }
      this.#take(child.length);
      if (name.includes("/") || tree.get(child)) throw malformed(`"/${path}" has a name twice`);
      const reference = referenceOf(place);
      const first = this.#files.get(reference);
      const inode = first === undefined ? this.#inode(reference) : undefined;
      if (inode === undefined) {
        const { content: _, ...file } = tree.get(first!) as FileEntry;
        tree.put({ ...file, path: child, type: "hardlink", target: first! });
        continue;
      }
      tree.put(this.#entry(child, inode));
      if (inode.kind === "file") this.#files.set(reference, child);
      if (inode.kind === "directory") pending.push({ path: child, inode });
    }
  }

  #inode(reference: number): Inode {
    const place = { block: Math.floor(reference / 65536), offset: reference % 65536 };
    const inode = readInode(this.#inodes.at(place));
    if (inode.kind === "directory") {
      if (this.#seen.has(reference)) throw malformed("a directory has two names");
      this.#seen.add(reference);
    }
    return inode;
  }

  #entry(path: string, inode: Inode): Entry {
    const base = this.#base(path, inode);
    switch (inode.kind) {
      case "directory":
      case "fifo":
        return { ...base, type: inode.kind };
      case "file": {
        const { size } = inode.place;
        const offset = this.#contents.add(inode.place);
        const content = {
          kind: "span",
          blob: this.#name,
          offset,
          size,
          sha256: undefined,
        } as const;
        return { ...base, type: "file", content };
      }
      case "symlink":
        this.#take(inode.target.length);
        return { ...base, type: "symlink", target: decodeText(inode.target, "a link's target") };
      case "char":
      case "block":
        return { ...base, type: inode.kind, major: inode.major, minor: inode.minor };
      case "socket":
        throw new TowerError("unsupported", `Cannot read squashfs: "/${path}" is a socket`);
    }
  }

  #base(path: string, { mode, uid, gid, mtime, xattrs }: Inode): EntryBase {
    const set = xattrs === NONE ? undefined : this.#xattrs?.set(xattrs);
    return {
      ...{ path, mode, mtime, origin: "stage:squashfs" },
      uid: this.#owners.entry(uid).getUint32(0, true),
      gid: this.#owners.entry(gid).getUint32(0, true),
      ...(set === undefined ? {} : { xattrs: set }),
    };
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytes) {
      throw limit(`names and attributes of more than ${this.#limits.bytes} bytes`);
    }
  }
}

function limit(what: string): TowerError {
  return new TowerError("limit", `Cannot read squashfs: it has ${what}`);
}
