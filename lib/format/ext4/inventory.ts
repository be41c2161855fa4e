import { TowerError } from "../../errors.ts";
import { utf8Length } from "../../bytes/bytes.ts";
import type { Content, Entry, HardlinkEntry } from "../../tree/entry.ts";
import { sizeOf } from "../../tree/entry.ts";
import { type FileTree, nameOf } from "../../tree/file_tree.ts";
import { blocksFor } from "./allocation.ts";
import { cutDirectory, type Dirent, FILE_TYPE } from "./directory.ts";
import { BLOCK_SIZE } from "./geometry.ts";
import { deviceRoot, INO, ROOT_SIZE, S_IFMT } from "./inode.ts";
import { refuse, validate } from "./limits.ts";
import { placeXattrs, type XattrPlace, type Xattrs } from "./xattr.ts";

/** What the blocks of an inode hold, or its block map where there are none. */
export type Body =
  | { readonly kind: "file"; readonly content: Content }
  | { readonly kind: "directory"; dirents(): readonly Dirent[] }
  | { readonly kind: "journal" }
  | { readonly kind: "root"; readonly root: Uint8Array };

/** An inode before it has blocks. */
export interface InodePlan {
  readonly ino: number;
  /** Of the tree; for messages. */
  readonly path: string;
  /** With the type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly links: number;
  readonly size: number;
  /** Blocks of its content. */
  readonly dataBlocks: number;
  readonly body: Body;
  readonly xattrs?: Xattrs;
  readonly xattrPlace: XattrPlace;
}

const LOST_AND_FOUND = "lost+found";
/** Blocks that mke2fs gives it, so that e2fsck need not find any in a full file system. */
const LOST_AND_FOUND_BLOCKS = 4;
const MAX_LINKS = 65000;
const ENCODER = new TextEncoder();

/** A directory and what it holds. */
interface Directory {
  readonly ino: number;
  readonly parent: number;
  readonly children: readonly Entry[];
  /** Of the children; 0 for hard links. */
  readonly inos: readonly number[];
  /** Blocks of its own. */
  readonly blocks: number;
}

/**
 * All inodes of a tree, numbered in its order, and what each holds; the size of the file system
 * has no influence on it. A `lost+found` is added where the tree has none. Keeps hardly more than
 * the tree's entries: plans are made when they are asked for.
 */
export class Inventory {
  readonly #tree: FileTree;
  /** By their place: the root, `lost+found`, and all others by number. */
  readonly #entries: Entry[] = [];
  readonly #directories = new Map<string, Directory>();
  /** Files that have hard links: their inode and how many names they have. */
  readonly #linked = new Map<string, { ino: number; names: number }>();
  /** The highest inode number. */
  readonly lastIno: number;
  /** Blocks of all contents and attributes. */
  readonly blocks: number;
  /** Bytes of all contents. */
  readonly contentBytes: number;

  /**
   * @param epoch seconds since 1970, for what is added
   * @throws {TowerError} `unsupported` for an entry that ext4 cannot hold, `malformed` for a hard
   * link to no file
   */
  constructor(tree: FileTree, epoch: number) {
    this.#tree = tree;
    this.#number(tree.get("")!, INO.root, epoch);
    this.lastIno = inoAt(this.#entries.length - 1);
    let [blocks, contentBytes] = [0, 0];
    for (let place = 0; place < this.length; place++) {
      const plan = this.plan(place);
      blocks += plan.dataBlocks + (plan.xattrPlace === "block" ? 1 : 0);
      if (plan.body.kind === "file") contentBytes += plan.size;
    }
    [this.blocks, this.contentBytes] = [blocks, contentBytes];
  }

  /** Number of inodes. */
  get length(): number {
    return this.#entries.length;
  }

  /** Numbers of all directories. */
  *directories(): Generator<number> {
    for (const { ino } of this.#directories.values()) yield ino;
  }

  isDirectory(place: number): boolean {
    return this.#entries[place]!.type === "directory";
  }

  /** The inode at a place; the places are in the order of the numbers. */
  plan(place: number): InodePlan {
    const entry = this.#entries[place]!;
    const { path, uid, gid, mtime, xattrs } = entry;
    const body = this.#bodyOf(entry);
    const size = this.#sizeOf(entry, body);
    return {
      ino: inoAt(place),
      path,
      mode: typeBits(entry) | entry.mode,
      uid,
      gid,
      mtime,
      links: this.#linksOf(entry),
      size,
      dataBlocks: body.kind === "root" ? 0 : blocksFor(size),
      body,
      ...(xattrs ? { xattrs } : {}),
      xattrPlace: placeXattrs(path, xattrs),
    };
  }

  /** Returns the number of an entry and numbers all below it; 0 for a hard link. */
  #number(entry: Entry, parent: number, epoch: number): number {
    validate(entry);
    const { path } = entry;
    if (entry.type === "hardlink") {
      this.#addName(entry);
      return 0;
    }
    const place = path === "" ? 0 : path === LOST_AND_FOUND ? 1 : Math.max(2, this.#entries.length);
    const ino = inoAt(place);
    this.#entries[place] = entry;
    if (entry.type === "file" && this.#tree.hasLinks(path)) this.#linkedFile(path).ino = ino;
    if (entry.type !== "directory") return ino;
    const children = this.#tree.children(path);
    if (path === "") addLostAndFound(children, epoch);
    const inos = children.map((child) => this.#number(child, ino, epoch));
    const least = path === LOST_AND_FOUND ? LOST_AND_FOUND_BLOCKS : 0;
    // The numbers of hard links' files may come later; they take no room.
    const blocks = cutDirectory(this.#direntsOf({ ino, parent, children, inos })).length;
    const directory = { ino, parent, children, inos, blocks: Math.max(blocks, least) };
    this.#directories.set(path, directory);
    return ino;
  }

  #addName({ path, target }: HardlinkEntry): void {
    if (this.#tree.get(target)?.type !== "file") {
      throw new TowerError(
        "malformed",
        `Cannot link "/${path}" to "/${target}": that is no file of the tree`,
      );
    }
    this.#linkedFile(target).names++;
  }

  #linkedFile(path: string): { ino: number; names: number } {
    const linked = this.#linked.get(path) ?? { ino: 0, names: 1 };
    this.#linked.set(path, linked);
    return linked;
  }

  #sizeOf(entry: Entry, body: Body): number {
    switch (entry.type) {
      case "directory":
        return BLOCK_SIZE * this.#directories.get(entry.path)!.blocks;
      case "symlink":
        return utf8Length(entry.target);
      default:
        return body.kind === "file" ? sizeOf(body.content) : 0;
    }
  }

  #bodyOf(entry: Entry): Body {
    switch (entry.type) {
      case "file":
        return { kind: "file", content: entry.content };
      case "directory": {
        const directory = this.#directories.get(entry.path)!;
        return { kind: "directory", dirents: () => this.#direntsOf(directory) };
      }
      case "symlink": {
        const bytes = ENCODER.encode(entry.target);
        // A target that leaves no room for a final NUL goes into a block.
        return bytes.length < ROOT_SIZE
          ? { kind: "root", root: bytes }
          : { kind: "file", content: { kind: "inline", bytes } };
      }
      case "char":
      case "block":
        return { kind: "root", root: deviceRoot(entry.major, entry.minor) };
      default:
        return { kind: "root", root: new Uint8Array(ROOT_SIZE) };
    }
  }

  #direntsOf({ ino, parent, children, inos }: Omit<Directory, "blocks">): Dirent[] {
    const dirents: Dirent[] = [
      { name: ".", ino, type: FILE_TYPE.directory },
      { name: "..", ino: parent, type: FILE_TYPE.directory },
    ];
    for (const [i, child] of children.entries()) {
      const linked = child.type === "hardlink";
      dirents.push({
        name: nameOf(child.path),
        ino: linked ? this.#linked.get(child.target)!.ino : inos[i]!,
        type: linked ? FILE_TYPE.file : FILE_TYPE[child.type],
      });
    }
    return dirents;
  }

  #linksOf(entry: Entry): number {
    if (entry.type === "directory") {
      const { children } = this.#directories.get(entry.path)!;
      const below = children.filter((c) => c.type === "directory").length;
      // dir_nlink: 1 says that they are not counted.
      return 2 + below >= MAX_LINKS ? 1 : 2 + below;
    }
    const names = this.#linked.get(entry.path)?.names ?? 1;
    if (names > MAX_LINKS) throw refuse(entry, `${names} hard links are more than ${MAX_LINKS}`);
    return names;
  }
}

/** The place of an inode; undefined for those that the file system keeps for itself. */
export function placeOfIno(ino: number): number | undefined {
  if (ino === INO.root) return 0;
  return ino < INO.lostAndFound ? undefined : ino - INO.lostAndFound + 1;
}

function inoAt(place: number): number {
  return place === 0 ? INO.root : INO.lostAndFound + place - 1;
}

/** Makes sure that the root's entries have the directory that e2fsck needs. */
function addLostAndFound(children: Entry[], epoch: number): void {
  const present = children.find((child) => child.path === LOST_AND_FOUND);
  if (present && present.type !== "directory") {
    throw refuse(present, "ext4 needs that name for a directory");
  }
  if (present) return;
  children.push({
    type: "directory",
    path: LOST_AND_FOUND,
    mode: 0o700,
    uid: 0,
    gid: 0,
    mtime: epoch,
    origin: "stage:ext4",
  });
}

function typeBits(entry: Entry): number {
  return S_IFMT[entry.type === "hardlink" ? "file" : entry.type];
}
