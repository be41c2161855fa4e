import type { Steps } from "../../breathe.ts";
import type { Digest } from "../../brand.ts";
import { type ByteSource, concat } from "../../bytes/bytes.ts";
import type { ContentReader, Entry, EntryBase, FileEntry } from "../../tree/entry.ts";
import { childOf, FileTree, isCanonical } from "../../tree/file_tree.ts";
import { type Piece, PlacedContents, rangeOf, readerOf } from "../placed_contents.ts";
import type { Uuid } from "../uuid.ts";
import { BlockReader } from "./block_reader.ts";
import { type Ext4Name, readNames } from "./directory_reader.ts";
import { INO } from "./inode.ts";
import { deviceOf, type Ext4Inode, MAP_OFFSET, readExt4Inode } from "./inode_reader.ts";
import { decodeText, limit, malformed } from "./reading.ts";
import { readExt4Superblock } from "./superblock_reader.ts";
import { VolumeReader } from "./volume_reader.ts";
import { XattrReader } from "./xattr_reader.ts";

/** More names than the root of any small host has. */
const MOST_ENTRIES = 2_000_000;
/** Bytes of all directories together: two million names of 255 bytes. */
const DIRECTORY_BYTES = 512 << 20;
/** Bytes of a link's target: Linux opens none with more, with its NUL. */
const MOST_TARGET = 4095;
/** Bytes of a block map: what lies in an inode, or a short link's target. */
const MAP_SIZE = 60;
/** A directory that lies in its inode begins with the number of the one above. */
const INLINE_PARENT = 4;

/** A file system as a tree. */
export interface Ext4Contents {
  /** "" where it has none. */
  readonly label: string;
  readonly uuid: Uuid;
  readonly tree: FileTree;
  readonly contents: ContentReader;
}

/**
 * Reads ext2, ext3 or ext4, whoever made it: blocks by extents or maps, contents in inodes, attributes,
 * devices, hashed directories. Nothing in it is believed; checksums of superblock and inodes are looked
 * at where there are any.
 *
 * @param name What the file system is called in the tree's contents.
 * @throws {TowerError} `malformed`; `unsupported` for sockets, encrypted files, a journal that has
 * changes, features and names that are not known here; `limit`
 */
export function* readExt4(source: ByteSource, name: Digest): Steps<Ext4Contents> {
  const geometry = readExt4Superblock(source);
  const { label, uuid } = geometry;
  const volume = new VolumeReader(source, geometry);
  const contents = new PlacedContents(source);
  const reader = new TreeReader(volume, contents, name);
  return { label, uuid, tree: yield* reader.read(), contents: readerOf(name, contents) };
}

interface Pending {
  readonly path: string;
  readonly inode: Ext4Inode;
}

class TreeReader {
  readonly #volume: VolumeReader;
  readonly #contents: PlacedContents;
  readonly #name: Digest;
  readonly #blocks: BlockReader;
  readonly #xattrs: XattrReader;
  readonly #pending: Pending[] = [];
  readonly #directories = new Set<number>([INO.root]);
  /** The first name of each file by its inode. */
  readonly #files = new Map<number, string>();
  #directoryBytes = 0;

  constructor(volume: VolumeReader, contents: PlacedContents, name: Digest) {
    this.#volume = volume;
    this.#contents = contents;
    this.#name = name;
    this.#blocks = new BlockReader(volume);
    this.#xattrs = new XattrReader(volume);
  }

  *read(): Steps<FileTree> {
    const root = readExt4Inode(this.#volume.inode(INO.root));
    if (root.type !== "directory") throw malformed("its root is no directory");
    const tree = new FileTree(this.#base("", root));
    this.#pending.push({ path: "", inode: root });
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      for (const block of yield* this.#blocksOf(next.inode)) {
        for (const name of readNames(block(), this.#volume.geometry.hasFileTypes)) {
          yield* this.#take(tree, next.path, name);
        }
        yield;
      }
    }
    return tree;
  }

  *#take(tree: FileTree, directory: string, { name, ino }: Ext4Name): Steps<void> {
    const path = childOf(directory, name);
    if (name.includes("/") || !isCanonical(path)) {
      throw malformed(`a name in "/${directory}" is not one of a file, or leads too deep`);
    }
    if (tree.get(path)) throw malformed(`"/${path}" is there twice`);
    if (tree.size >= MOST_ENTRIES) throw limit(`more than ${MOST_ENTRIES} entries`);
    const first = this.#files.get(ino);
    if (first !== undefined) {
      const { content: _, ...file } = tree.get(first) as FileEntry;
      tree.put({ ...file, path, type: "hardlink", target: first });
      return;
    }
    const inode = readExt4Inode(this.#volume.inode(ino));
    tree.put(yield* this.#entry(path, inode));
    if (inode.type === "file") this.#files.set(ino, path);
    if (inode.type !== "directory") return;
    if (this.#directories.has(ino)) throw malformed(`directory "/${path}" has another name`);
    this.#directories.add(ino);
    this.#pending.push({ path, inode });
  }

  *#entry(path: string, inode: Ext4Inode): Steps<Entry> {
    const base = this.#base(path, inode);
    const { type } = inode;
    switch (type) {
      case "directory":
      case "fifo":
        return { ...base, type };
      case "char":
      case "block":
        return { ...base, type, ...deviceOf(inode) };
      case "symlink":
        return { ...base, type, target: yield* this.#target(path, inode) };
      case "file": {
        const offset = this.#contents.add(yield* this.#pieces(inode));
        return { ...base, type, content: rangeOf(this.#name, offset, inode.size) };
      }
    }
  }

  *#target(path: string, inode: Ext4Inode): Steps<string> {
    const { size, layout, map } = inode;
    if (size === 0 || size > MOST_TARGET) throw malformed(`link "/${path}" has no target`);
    const isShort = layout === "map" && size < MAP_SIZE;
    const bytes = isShort ? map.subarray(0, size) : this.#read(yield* this.#pieces(inode));
    const target = decodeText(bytes, `the target of "/${path}"`);
    if (target.includes("\0")) throw malformed(`link "/${path}" has no target`);
    return target;
  }

  /** The blocks of a directory, each read when it is its turn. */
  *#blocksOf(inode: Ext4Inode): Steps<(() => Uint8Array)[]> {
    const { size, layout } = inode;
    this.#directoryBytes += size;
    if (this.#directoryBytes > DIRECTORY_BYTES) {
      throw limit(`directories of more than ${DIRECTORY_BYTES} bytes`);
    }
    const pieces = yield* this.#pieces(inode);
    if (layout === "inline") {
      const [first, ...rest] = pieces.map((piece) => this.#read([piece]));
      return [first?.subarray(INLINE_PARENT) ?? new Uint8Array(), ...rest].map((part) => () =>
        part
      );
    }
    const { blockSize } = this.#volume.geometry;
    if (size % blockSize !== 0) throw malformed("a directory ends within a block");
    return pieces.flatMap(({ start, length }) => {
      if (start === undefined) throw malformed("a directory has a hole");
      return Array.from(
        { length: length / blockSize },
        (_, i) => () => this.#volume.bytes(start + i * blockSize, blockSize),
      );
    });
  }

  /** Where an inode's bytes lie, all within the medium. */
  *#pieces(inode: Ext4Inode): Steps<Piece[]> {
    const { layout, size, raw } = inode;
    if (layout !== "inline") return yield* this.#blocks.pieces({ ...inode, layout });
    const { inlineData } = this.#xattrs.of(inode);
    const first = Math.min(size, MAP_SIZE);
    const rest = size - first;
    if (rest > (inlineData?.size ?? 0)) throw malformed(`inode ${raw.ino} has not all its bytes`);
    const pieces = [{ start: raw.offset + MAP_OFFSET, length: first }];
    return rest === 0 ? pieces : [...pieces, { start: inlineData!.offset, length: rest }];
  }

  #read(pieces: readonly Piece[]): Uint8Array {
    return concat(
      pieces.map(({ start, length }) =>
        start === undefined ? new Uint8Array(length) : this.#volume.bytes(start, length)
      ),
    );
  }

  #base(path: string, inode: Ext4Inode): EntryBase {
    const { mode, uid, gid, mtime } = inode;
    const { xattrs } = this.#xattrs.of(inode);
    return {
      ...{ path, mode, uid, gid, mtime, origin: "stage:ext4" },
      ...(xattrs === undefined ? {} : { xattrs }),
    };
  }
}
