import type { ByteSink } from "../../bytes/bytes.ts";

const CAPACITY = 1 << 20;

/**
 * Gathers what is written one after another into large writes. The caller fills views of the
 * buffer itself, so contents are copied once: from their source.
 */
export class BlockWriter {
  readonly #sink: ByteSink;
  readonly #buffer = new Uint8Array(CAPACITY);
  #start = 0;
  #filled = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** A view of 1 to `wanted` bytes to fill at `offset`; it holds old bytes. Any call ends it. */
  span(offset: number, wanted: number): Uint8Array {
    if (offset !== this.#start + this.#filled || this.#filled === CAPACITY) {
      this.flush();
      this.#start = offset;
    }
    const from = this.#filled;
    this.#filled = Math.min(CAPACITY, from + wanted);
    return this.#buffer.subarray(from, this.#filled);
  }

  /** A view of exactly `length` zero bytes to fill at `offset`, at most a block or two. */
  zeros(offset: number, length: number): Uint8Array {
    if (CAPACITY - this.#filled < length) {
      this.flush();
      this.#start = offset;
    }
    return this.span(offset, length).fill(0);
  }

  /** Hands the rest to the sink. */
  flush(): void {
    if (this.#filled > 0) this.#sink.writeAt(this.#start, this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
