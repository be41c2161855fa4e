/** The blocks of an inode (Documentation/filesystems/ext4/ifork.rst, blockmap.rst). */
import type { Steps } from "../../breathe.ts";
import type { Piece } from "../placed_contents.ts";
import type { Ext4Inode } from "./inode_reader.ts";
import { malformed, viewOf } from "./reading.ts";
import type { VolumeReader } from "./volume_reader.ts";

const EXTENT_MAGIC = 0xf30a;
const RECORD = 12;
/** What the kernel makes; a block of 1 KiB needs no more for 2^32 blocks. */
const MOST_DEPTH = 5;
/** Longer ones are room that was set aside: it reads as zeros. */
const MOST_INITIALIZED = 32768;
const DIRECT = 12;

/** Blocks of a file from `logical` on; 0 as `block` is a hole. */
interface BlockRun {
  readonly logical: number;
  readonly block: number;
  readonly count: number;
}

/** Finds the blocks of inodes. Blocks that hold the numbers of others belong to one inode alone. */
export class BlockReader {
  readonly #volume: VolumeReader;
  /** Blocks of numbers that were read. */
  readonly #met = new Set<number>();

  constructor(volume: VolumeReader) {
    this.#volume = volume;
  }

  /**
   * Where an inode's bytes lie.
   * @throws {TowerError} `malformed` for blocks out of order or that are none of the file system
   */
  *pieces(inode: Ext4Inode & { readonly layout: "extents" | "map" }): Steps<Piece[]> {
    const { blockSize } = this.#volume.geometry;
    const runs = inode.layout === "extents"
      ? this.#extents(inode.map, undefined)
      : this.#mapped(inode.map);
    const pieces: { start: number | undefined; length: number }[] = [];
    const add = (start: number | undefined, length: number) => {
      const last = pieces.at(-1);
      const goesOn = last?.start === undefined
        ? start === undefined
        : last.start + last.length === start;
      if (last !== undefined && goesOn) last.length += length;
      else if (length > 0) pieces.push({ start, length });
    };
    let done = 0;
    for (;;) {
      const next = runs.next();
      if (next.done) break;
      if (next.value === undefined) {
        yield;
        continue;
      }
      const { logical, block, count } = next.value;
      if (logical * blockSize < done) throw malformed("blocks of a file are out of order");
      // What lies behind its end was set aside for it to grow.
      const end = Math.min((logical + count) * blockSize, inode.size);
      if (block !== 0) this.#volume.offsetOf(block, count);
      if (end <= done) continue;
      add(undefined, Math.min(logical * blockSize, end) - done);
      add(block === 0 ? undefined : block * blockSize, end - logical * blockSize);
      done = end;
    }
    add(undefined, inode.size - done);
    return pieces;
  }

  /** @param depth That it must have: one less than what it lies below. */
  *#extents(node: Uint8Array, depth: number | undefined): Generator<BlockRun | undefined, void> {
    const view = viewOf(node);
    const count = view.getUint16(2, true);
    const own = view.getUint16(6, true);
    if (
      view.getUint16(0, true) !== EXTENT_MAGIC || own > MOST_DEPTH ||
      (depth !== undefined && own !== depth) || RECORD * (1 + count) > node.length
    ) throw malformed("a node of extents is none");
    for (let at = RECORD; at < RECORD * (1 + count); at += RECORD) {
      const logical = view.getUint32(at, true);
      if (own > 0) {
        const block = view.getUint32(at + 4, true) + view.getUint16(at + 8, true) * 2 ** 32;
        yield* this.#extents(this.#numbers(block), own - 1);
        yield undefined;
        continue;
      }
      const length = view.getUint16(at + 4, true);
      const isRoom = length > MOST_INITIALIZED;
      const block = view.getUint32(at + 8, true) + view.getUint16(at + 6, true) * 2 ** 32;
      if (length === 0 || block === 0) throw malformed("an extent is empty");
      const blocks = isRoom ? length - MOST_INITIALIZED : length;
      yield { logical, block: isRoom ? 0 : block, count: blocks };
    }
  }

  *#mapped(map: Uint8Array): Generator<BlockRun | undefined, void> {
    const view = viewOf(map);
    const perBlock = this.#volume.geometry.blockSize / 4;
    let logical = 0;
    for (let i = 0; i < DIRECT; i++, logical++) {
      const block = view.getUint32(4 * i, true);
      if (block !== 0) yield { logical, block, count: 1 };
    }
    for (let level = 1; level <= 3; level++) {
      const block = view.getUint32(4 * (DIRECT + level - 1), true);
      if (block !== 0) yield* this.#indirect(block, level, logical);
      logical += perBlock ** level;
    }
  }

  *#indirect(
    block: number,
    level: number,
    first: number,
  ): Generator<BlockRun | undefined, void> {
    const view = viewOf(this.#numbers(block));
    const step = (view.byteLength / 4) ** (level - 1);
    for (let at = 0, logical = first; at < view.byteLength; at += 4, logical += step) {
      const below = view.getUint32(at, true);
      if (below === 0) continue;
      if (level === 1) yield { logical, block: below, count: 1 };
      else yield* this.#indirect(below, level - 1, logical);
    }
    yield undefined;
  }

  #numbers(block: number): Uint8Array {
    if (this.#met.has(block)) throw malformed(`block ${block} has the blocks of two files`);
    this.#met.add(block);
    return this.#volume.block(block);
  }
}
