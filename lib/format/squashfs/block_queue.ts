import type { ByteSink } from "../../bytes/bytes.ts";
import type { BlockCompressor, Blocks } from "../block_compressor.ts";
import { STORED } from "./superblock.ts";

/** Bytes that a compressor gets at once: with one block a message costs more than it brings. */
const BATCH = 1 << 20;

/** Told where a block came to lie, and its size with {@linkcode STORED}, once that is known. */
export type Target = (position: number, size: number) => void;

/** Blocks that are not written yet. */
interface Batch {
  readonly lengths: number[];
  readonly targets: Target[];
}

/** Writes blocks one behind the other, compressed in batches that are under way at once. */
export class BlockQueue {
  readonly #sink: ByteSink;
  readonly #compressor: BlockCompressor;
  readonly #capacity: number;
  /** Batches under way, oldest first. */
  readonly #pending: { readonly batch: Batch; readonly answer: Promise<Blocks> }[] = [];
  /** Memory of batches that are written: with new memory for each the program takes a third more. */
  readonly #free: ArrayBuffer[] = [];
  #position: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #batch: Batch = { lengths: [], targets: [] };

  /**
   * @param start where the first block comes
   * @param blockSize bytes of a block at most
   */
  constructor(sink: ByteSink, start: number, compressor: BlockCompressor, blockSize: number) {
    this.#sink = sink;
    this.#position = start;
    this.#compressor = compressor;
    this.#capacity = Math.max(BATCH, blockSize);
    this.#bytes = new Uint8Array(this.#capacity);
  }

  /** Takes a block; its bytes may be reused at once. */
  async put(block: Uint8Array, target: Target): Promise<void> {
    if (this.#filled + block.length > this.#capacity) await this.#submit();
    this.#bytes.set(block, this.#filled);
    this.#filled += block.length;
    this.#batch.lengths.push(block.length);
    this.#batch.targets.push(target);
  }

  /** Writes all that is left; returns where the last block ends. */
  async end(): Promise<number> {
    if (this.#filled > 0) await this.#submit();
    while (this.#pending.length > 0) await this.#writeOldest();
    return this.#position;
  }

  async #submit(): Promise<void> {
    const batch = this.#batch;
    const answer = this.#compressor.compress({
      bytes: this.#bytes.subarray(0, this.#filled),
      lengths: batch.lengths,
    });
    answer.catch(() => {}); // who waits for an older one is told of that one first
    this.#pending.push({ batch, answer });
    this.#filled = 0;
    this.#batch = { lengths: [], targets: [] };
    while (this.#pending.length > this.#compressor.most) await this.#writeOldest();
    this.#bytes = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(this.#capacity));
  }

  async #writeOldest(): Promise<void> {
    const { batch, answer } = this.#pending.shift()!;
    const { bytes, lengths } = await answer;
    this.#sink.writeAt(this.#position, bytes);
    this.#free.push(bytes.buffer);
    for (const [i, length] of lengths.entries()) {
      batch.targets[i]!(this.#position, length < batch.lengths[i]! ? length : length | STORED);
      this.#position += length;
    }
  }
}
