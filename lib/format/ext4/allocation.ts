import { BLOCK_SIZE, type Geometry, type Run } from "./geometry.ts";

/** Most blocks of one extent: its length has 15 bits and 0x8000 means 32768 (ifork.rst). */
const MAX_EXTENT = 32768;

/**
 * Hands out blocks from the front of a file system, around its fixed metadata. So the blocks in
 * use are exactly the fixed ones and all below {@linkcode end}.
 *
 * It goes on past the end of the file system, so that one attempt tells how much is missing.
 */
export class Allocator {
  readonly #fixed: readonly Run[];
  #next = 0;
  #cursor = 0;
  #used = 0;

  /** @param from where another one stood that had not gone on yet; the front by default */
  constructor(geometry: Geometry, from = 0) {
    this.#fixed = geometry.fixed;
    this.#cursor = from;
    this.#next = firstFrom(geometry.fixed, from);
  }

  /** Blocks handed out. */
  get used(): number {
    return this.#used;
  }

  /** The block after the last one handed out. */
  get end(): number {
    return this.#cursor;
  }

  /** As few runs as possible that hold `count` blocks, each short enough for one extent. */
  take(count: number): Run[] {
    const runs: Run[] = [];
    for (let left = count; left > 0;) {
      const fixed = this.#fixed[this.#next];
      const gap = fixed ? fixed.start - this.#cursor : Infinity;
      if (gap <= 0) {
        this.#cursor = fixed!.start + fixed!.count;
        this.#next++;
        continue;
      }
      const run = { start: this.#cursor, count: Math.min(left, gap, MAX_EXTENT) };
      runs.push(run);
      left -= run.count;
      this.#cursor += run.count;
    }
    this.#used += count;
    return runs;
  }

  /** One block. */
  takeOne(): number {
    return this.take(1)[0]!.start;
  }
}

/** The index of the first run that starts at a block or behind it. */
function firstFrom(runs: readonly Run[], block: number): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.start < block) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Blocks that so many bytes take. */
export function blocksFor(bytes: number): number {
  return Math.ceil(bytes / BLOCK_SIZE);
}
