import { TowerError } from "../../errors.ts";
import type { Content, Entry } from "../../tree/entry.ts";
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
  | { readonly kind: "directory"; readonly dirents: readonly Dirent[] }
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

/** All inodes of a tree, by number; what the size of the file system has no influence on. */
export interface Inventory {
  readonly inodes: readonly InodePlan[];
  readonly lastIno: number;
  /** Blocks of all contents and attributes. */
  readonly blocks: number;
}

const LOST_AND_FOUND = "lost+found";
/** Blocks that mke2fs gives it, so that e2fsck need not find any in a full file system. */
const LOST_AND_FOUND_BLOCKS = 4;
const MAX_LINKS = 65000;

/**
 * Numbers the inodes of a tree in its order and says what each holds. A `lost+found` is added
 * where the tree has none.
 *
 * @param epoch seconds since 1970, for what is added
 * @throws {TowerError} `unsupported` for an entry that ext4 cannot hold, `malformed` for a hard
 * link to no file
 */
export function takeInventory(tree: FileTree, epoch: number): Inventory {
  const walk = numberEntries(tree, epoch);
  const inodes = walk.entries.map(({ entry, ino }) => planInode(entry, ino, walk));
  const blocks = inodes.reduce(
    (sum, inode) => sum + inode.dataBlocks + (inode.xattrPlace === "block" ? 1 : 0),
    0,
  );
  return { inodes: inodes.sort((a, b) => a.ino - b.ino), lastIno: walk.lastIno, blocks };
}

interface Numbered {
  /** Every entry with an inode of its own, in tree order. */
  readonly entries: { readonly entry: Entry; readonly ino: number }[];
  readonly inoOf: Map<string, number>;
  readonly childrenOf: Map<string, readonly Entry[]>;
  /** Names of each file, the first included. */
  readonly names: Map<string, number>;
  lastIno: number;
}

function numberEntries(tree: FileTree, epoch: number): Numbered {
  const walk: Numbered = {
    entries: [],
    inoOf: new Map(),
    childrenOf: new Map(),
    names: new Map(),
    lastIno: INO.lostAndFound,
  };
  const pending: Entry[] = [tree.get("")!];
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    validate(entry);
    if (entry.type === "hardlink") {
      if (tree.get(entry.target)?.type !== "file") {
        throw new TowerError(
          "malformed",
          `Cannot link "/${entry.path}" to "/${entry.target}": that is no file of the tree`,
        );
      }
      walk.names.set(entry.target, (walk.names.get(entry.target) ?? 1) + 1);
      continue;
    }
    const ino = entry.path === ""
      ? INO.root
      : entry.path === LOST_AND_FOUND
      ? INO.lostAndFound
      : ++walk.lastIno;
    walk.entries.push({ entry, ino });
    walk.inoOf.set(entry.path, ino);
    if (entry.type !== "directory") continue;
    const children = tree.children(entry.path);
    if (entry.path === "") addLostAndFound(children, epoch);
    walk.childrenOf.set(entry.path, children);
    for (let i = children.length - 1; i >= 0; i--) pending.push(children[i]!);
  }
  return walk;
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

function planInode(entry: Entry, ino: number, walk: Numbered): InodePlan {
  const { path, uid, gid, mtime, xattrs } = entry;
  const body = bodyOf(entry, walk);
  const size = body.kind === "directory"
    ? BLOCK_SIZE * directoryBlocks(path, body.dirents)
    : entry.type === "symlink"
    ? new TextEncoder().encode(entry.target).length
    : body.kind === "file"
    ? sizeOf(body.content)
    : 0;
  return {
    ino,
    path,
    mode: typeBits(entry) | entry.mode,
    uid,
    gid,
    mtime,
    links: linksOf(entry, walk),
    size,
    dataBlocks: body.kind === "root" ? 0 : blocksFor(size),
    body,
    ...(xattrs ? { xattrs } : {}),
    xattrPlace: placeXattrs(path, xattrs),
  };
}

function directoryBlocks(path: string, dirents: readonly Dirent[]): number {
  const needed = cutDirectory(dirents).length;
  return path === LOST_AND_FOUND ? Math.max(needed, LOST_AND_FOUND_BLOCKS) : needed;
}

function typeBits(entry: Entry): number {
  return S_IFMT[entry.type === "hardlink" ? "file" : entry.type];
}

function bodyOf(entry: Entry, walk: Numbered): Body {
  switch (entry.type) {
    case "file":
      return { kind: "file", content: entry.content };
    case "directory":
      return { kind: "directory", dirents: direntsOf(entry.path, walk) };
    case "symlink": {
      const bytes = new TextEncoder().encode(entry.target);
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

function direntsOf(path: string, walk: Numbered): Dirent[] {
  const encoder = new TextEncoder();
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const dirents: Dirent[] = [
    { name: encoder.encode("."), ino: walk.inoOf.get(path)!, type: FILE_TYPE.directory },
    { name: encoder.encode(".."), ino: walk.inoOf.get(parent)!, type: FILE_TYPE.directory },
  ];
  for (const child of walk.childrenOf.get(path)!) {
    const linked = child.type === "hardlink";
    dirents.push({
      name: encoder.encode(nameOf(child.path)),
      ino: walk.inoOf.get(linked ? child.target : child.path)!,
      type: linked ? FILE_TYPE.file : FILE_TYPE[child.type],
    });
  }
  return dirents;
}

function linksOf(entry: Entry, walk: Numbered): number {
  if (entry.type === "directory") {
    const below = walk.childrenOf.get(entry.path)!.filter((c) => c.type === "directory").length;
    // dir_nlink: 1 says that they are not counted.
    return 2 + below >= MAX_LINKS ? 1 : 2 + below;
  }
  const names = walk.names.get(entry.path) ?? 1;
  if (names > MAX_LINKS) throw refuse(entry, `${names} hard links are more than ${MAX_LINKS}`);
  return names;
}
