import type { ByteSink, ByteSource } from "../../bytes/bytes.ts";
import type { Uuid } from "../uuid.ts";
import { blockDigest, type BlockRun, digestsOf } from "./digests.ts";
import { dataBlocksOf, VERITY_BLOCK, verityGeometry } from "./geometry.ts";
import { encodeSuperblock } from "./superblock.ts";

/** What fixes a hash device beside its data. */
export interface VerityOptions {
  readonly uuid: Uuid;
  /** 0 to 256 bytes. */
  readonly salt: Uint8Array;
}

/** Blocks whose digests are added at once: 8 MiB of data. */
const RUN = 2048;

/**
 * Writes the superblock and the hash tree of data whose digests come one after the other. Memory
 * is a block for each level.
 */
export class VerityTree {
  readonly #levels: readonly LevelWriter[];
  readonly #sink: ByteSink;
  readonly #options: VerityOptions;
  readonly #geometry;
  #root: Uint8Array = new Uint8Array();

  /** @throws {TowerError} `unsupported` for data that is no whole number of blocks. */
  constructor(dataSize: number, options: VerityOptions, sink: ByteSink) {
    this.#geometry = verityGeometry(dataBlocksOf(dataSize));
    this.#options = options;
    this.#sink = sink;
    this.#levels = this.#geometry.levels.map(({ first }) => ({
      next: first,
      block: new Uint8Array(VERITY_BLOCK),
      filled: 0,
    }));
  }

  /** The data in the runs whose digests are to be added, in order. */
  *runs(): Generator<BlockRun> {
    const { dataBlocks } = this.#geometry;
    for (let first = 0; first < dataBlocks; first += RUN) {
      yield { first, count: Math.min(RUN, dataBlocks - first) };
    }
  }

  /** Adds digests of the next data blocks. */
  add(digests: Uint8Array): void {
    this.#put(digests, 0);
  }

  /** Writes what is left, and the superblock. Returns the root hash as 64 hexadecimal digits. */
  end(): string {
    this.#levels.forEach((level, i) => {
      if (level.filled > 0) this.#flush(level, i);
    });
    this.#sink.writeAt(0, encodeSuperblock({ ...this.#options, geometry: this.#geometry }));
    return this.#root.toHex();
  }

  /** Adds digests to a level; above the top one there is the root. */
  #put(digests: Uint8Array, index: number): void {
    const level = this.#levels[index];
    if (level === undefined) {
      this.#root = digests.slice();
      return;
    }
    for (let at = 0; at < digests.length;) {
      const part = digests.subarray(at, at + VERITY_BLOCK - level.filled);
      level.block.set(part, level.filled);
      level.filled += part.length;
      at += part.length;
      if (level.filled === VERITY_BLOCK) this.#flush(level, index);
    }
  }

  #flush(level: LevelWriter, index: number): void {
    this.#sink.writeAt(level.next * VERITY_BLOCK, level.block);
    const digest = blockDigest(level.block, this.#options.salt);
    level.next++;
    level.filled = 0;
    level.block.fill(0);
    this.#put(digest, index + 1);
  }
}

/** A level while it is written. */
interface LevelWriter {
  /** Block of the hash device that comes next. */
  next: number;
  readonly block: Uint8Array;
  /** Bytes of it that are digests. */
  filled: number;
}

/**
 * Writes the hash device of some data, as `veritysetup format` does.
 *
 * @returns the root hash as 64 hexadecimal digits
 * @throws {TowerError} `unsupported` for data that is no whole number of blocks of 4096 bytes.
 */
export function writeVerity(data: ByteSource, options: VerityOptions, sink: ByteSink): string {
  const tree = new VerityTree(data.size, options, sink);
  for (const run of tree.runs()) tree.add(digestsOf(data, run, options.salt));
  return tree.end();
}
