import type { ByteSink } from "../../bytes/bytes.ts";

const BUFFER = 1 << 20;

/** Writes what lies close together in few large writes, with zeros in between. */
export class RunWriter {
  readonly #sink: ByteSink;
  readonly #buffer = new Uint8Array(BUFFER);
  #base = 0;
  #filled = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** What is pushed next goes to this offset. Bytes between two runs are nobody else's. */
  startAt(offset: number): void {
    const gap = offset - (this.#base + this.#filled);
    if (this.#filled > 0 && gap >= 0 && gap <= BUFFER - this.#filled) {
      this.#buffer.fill(0, this.#filled, this.#filled + gap);
      this.#filled += gap;
      return;
    }
    this.flush();
    this.#base = offset;
  }

  push(bytes: Uint8Array): void {
    if (this.#filled === 0 && bytes.length >= BUFFER) {
      this.#sink.writeAt(this.#base, bytes);
      this.#base += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BUFFER) this.flush();
    }
  }

  flush(): void {
    if (this.#filled > 0) this.#sink.writeAt(this.#base, this.#buffer.subarray(0, this.#filled));
    this.#base += this.#filled;
    this.#filled = 0;
  }
}
