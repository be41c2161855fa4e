import { TowerError } from "../../errors.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import { Allocator, blocksFor } from "./allocation.ts";
import {
  BLOCK_SIZE,
  BLOCKS_PER_GROUP,
  type Geometry,
  geometryOf,
  leastBlocksFor,
  MAX_BLOCKS,
} from "./geometry.ts";
import { INO, S_IFMT } from "./inode.ts";
import { type InodePlan, Inventory } from "./inventory.ts";
import { journalBlocks } from "./journal.ts";
import { Placement } from "./placement.ts";

/** What an ext4 file system is made with, beside its tree. Nothing has a default. */
export interface Ext4Options {
  /** Also seeds all checksums. */
  readonly uuid: string;
  /** A UUID that seeds the hash of directories that the kernel indexes later. */
  readonly hashSeed: string;
  /** At most 16 bytes. */
  readonly label: string;
  /** Seconds since 1970: when the file system was made, and for inodes of its own. */
  readonly epoch: number;
  /** Bytes that users can still write, as statfs(2) tells in f_bavail. */
  readonly freeBytes: number;
  /**
   * Exact size in bytes, a multiple of 4096, in place of the least one. A tail too small for a
   * block group stays unused, as with mke2fs.
   */
  readonly size?: number;
  /** Inodes that are left at least; one for 16 KiB of size is there anyway. */
  readonly inodesFree?: number;
}

/** A whole file system except for the contents. Only `size` is meant for others. */
export interface Ext4Layout {
  /** Bytes of the image, a multiple of 1 MiB unless an exact size was asked for. */
  readonly size: number;
  readonly options: Ext4Options;
  readonly geometry: Geometry;
  readonly inventory: Inventory;
  readonly inodes: Placement;
  /** The double indirect block of the resize inode. */
  readonly resizeBlock: number;
  /** All blocks below are in use; from it on, only fixed metadata is. */
  readonly endBlock: number;
  readonly freeBlocks: number;
}

const ALIGNMENT = 2 ** 20 / BLOCK_SIZE;

/**
 * Lays a tree out as an ext4 file system: which inode and which blocks everything gets.
 *
 * @throws {TowerError} `no-space` when `size` is too small, `limit` above 8 TiB, `unsupported`
 * for an entry that ext4 cannot hold, `malformed` for a hard link to no file
 * @throws {RangeError} for options that make no sense
 */
export function planExt4(tree: FileTree, options: Ext4Options): Ext4Layout {
  checkOptions(options);
  const inventory = new Inventory(tree, options.epoch);
  if (options.size === undefined) return leastLayout(inventory, options);
  const blocks = options.size / BLOCK_SIZE;
  if (blocks > MAX_BLOCKS) throw tooLarge(blocks);
  const layout = tryLayout(inventory, options, blocks);
  if (typeof layout !== "number") return layout;
  throw new TowerError(
    "no-space",
    `Cannot make an ext4 file system of ${options.size} bytes: the content needs ${
      inventory.blocks * BLOCK_SIZE
    } bytes and ${options.freeBytes} shall stay free`,
    { hint: `A size of ${Math.ceil(leastLayout(inventory, options).size / MIB)}MiB is enough` },
  );
}

/** A manifest may say it as it stands in the hint. */
const MIB = 1 << 20;

/** The smallest layout that has all that is asked for, in steps of 1 MiB. */
function leastLayout(inventory: Inventory, options: Ext4Options): Ext4Layout {
  const inodes = inventory.lastIno + (options.inodesFree ?? 0);
  let blocks = Math.max(inventory.blocks, leastBlocksFor(inodes));
  for (;;) {
    blocks = Math.ceil((blocks + 1) / ALIGNMENT) * ALIGNMENT;
    if (blocks > MAX_BLOCKS) throw tooLarge(blocks);
    const layout = tryLayout(inventory, options, blocks);
    if (typeof layout !== "number") {
      return { ...layout, size: layout.geometry.blocks * BLOCK_SIZE };
    }
    blocks += layout - 1;
  }
}

/** The layout in so many blocks, or how many are missing at least. */
function tryLayout(
  inventory: Inventory,
  options: Ext4Options,
  blocks: number,
): Ext4Layout | number {
  const inodes = inventory.lastIno + (options.inodesFree ?? 0);
  const geometry = geometryOf(blocks, inodes);
  if (!geometry) return 1;
  const journal = journalBlocks(geometry.blocks);
  const needed = inventory.blocks + journal + 1 + blocksToKeep(options, geometry);
  if (needed > geometry.available) return needed - geometry.available;

  const allocator = new Allocator(geometry);
  const resizeBlock = allocator.takeOne();
  const own = journal > 0 ? journalPlan(journal, options.epoch) : undefined;
  const placement = new Placement(inventory, own, geometry, allocator);
  const freeBlocks = geometry.available - allocator.used;
  const missing = blocksToKeep(options, geometry) - freeBlocks;
  if (missing > 0) return missing;
  return {
    size: blocks * BLOCK_SIZE,
    options,
    geometry,
    inventory,
    inodes: placement,
    resizeBlock,
    endBlock: allocator.end,
    freeBlocks,
  };
}

/** Free blocks that the wanted free bytes need. */
function blocksToKeep(options: Ext4Options, geometry: Geometry): number {
  if (options.freeBytes === 0) return 0;
  // The kernel holds back 2 %, at most 4096 clusters (ext4_calculate_resv_clusters).
  return blocksFor(options.freeBytes) + Math.min(Math.floor(geometry.blocks / 50), 4096);
}

function journalPlan(blocks: number, epoch: number): InodePlan {
  return {
    ino: INO.journal,
    path: "",
    mode: S_IFMT.file | 0o600,
    uid: 0,
    gid: 0,
    mtime: epoch,
    links: 1,
    size: blocks * BLOCK_SIZE,
    dataBlocks: blocks,
    body: { kind: "journal" },
    xattrPlace: "none",
  };
}

function tooLarge(blocks: number): TowerError {
  return new TowerError(
    "limit",
    `Cannot make an ext4 file system of ${blocks * BLOCK_SIZE} bytes: at most ${
      MAX_BLOCKS * BLOCK_SIZE
    } are supported`,
    { hint: "An ext4 file system has up to 8TiB here" },
  );
}

function checkOptions(options: Ext4Options): void {
  const whole = (name: string, value: number, high: number) => {
    if (!Number.isSafeInteger(value) || value < 0 || value > high) {
      throw new RangeError(`Cannot plan ext4: ${name} ${value} is not between 0 and ${high}`);
    }
  };
  uuidBytes(options.uuid);
  uuidBytes(options.hashSeed);
  labelBytes(options.label);
  whole("epoch", options.epoch, 2 ** 32 - 1);
  whole("freeBytes", options.freeBytes, Number.MAX_SAFE_INTEGER);
  whole("inodesFree", options.inodesFree ?? 0, BLOCKS_PER_GROUP ** 2);
  whole("size", options.size ?? 0, Number.MAX_SAFE_INTEGER);
  if ((options.size ?? 0) % BLOCK_SIZE !== 0) {
    throw new RangeError(`Cannot plan ext4: size ${options.size} is no multiple of ${BLOCK_SIZE}`);
  }
}

/** The 16 bytes of a UUID in the order of its text. @throws {RangeError} for other text */
export function uuidBytes(uuid: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new RangeError(`Cannot plan ext4: "${uuid}" is no UUID`);
  }
  return Uint8Array.from(
    uuid.replaceAll("-", "").match(/../g)!,
    (digits) => Number.parseInt(digits, 16),
  );
}

/** The bytes of a label. @throws {RangeError} when there are more than 16 or one is NUL */
export function labelBytes(label: string): Uint8Array {
  const bytes = new TextEncoder().encode(label);
  if (bytes.length > 16 || bytes.includes(0)) {
    throw new RangeError(`Cannot plan ext4: the label "${label}" is not at most 16 bytes`);
  }
  return bytes;
}
