import { TowerError } from "../errors.ts";

/** The encoder's output may depend on how its input is cut, so it always gets such pieces. */
const PIECE = 1 << 20;

/**
 * Compresses a stream to one zstd frame (RFC 8878). The encoder is zstd compiled to WebAssembly,
 * pinned: the result depends on the bytes and the level alone, not on the machine. It holds a few
 * mebibytes, whatever the stream's length. One writer may be open at a time.
 */
export class ZstdWriter {
  static #isBusy = false;
  readonly #encoder: Encoder;
  readonly #push: (bytes: Uint8Array) => void;
  readonly #piece = new Uint8Array(PIECE);
  #filled = 0;

  private constructor(encoder: Encoder, push: (bytes: Uint8Array) => void) {
    this.#encoder = encoder;
    this.#push = push;
  }

  /**
   * Loads the encoder. `push` gets the compressed pieces; they are not reused afterwards.
   * @param level 1 to 19
   */
  static async open(level: number, push: (bytes: Uint8Array) => void): Promise<ZstdWriter> {
    if (!Number.isInteger(level) || level < 1 || level > 19) {
      throw new RangeError(`Cannot compress at level ${level}: zstd has 1 to 19`);
    }
    const { Zstd } = await import("@hpcc-js/wasm-zstd");
    const encoder = await Zstd.load();
    // The package has one encoder for all.
    if (ZstdWriter.#isBusy) throw new TowerError("busy", "Cannot compress two streams at once");
    ZstdWriter.#isBusy = true;
    encoder.reset();
    encoder.setCompressionLevel(level);
    return new ZstdWriter(encoder, push);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PIECE) this.#flush();
    }
  }

  /** Ends the frame. */
  end(): void {
    if (this.#filled > 0) this.#flush();
    this.#emit(this.#encoder.compressEnd());
    this.close();
  }

  /** Gives the encoder back; what was written so far is no whole frame. Safe after `end`. */
  close(): void {
    ZstdWriter.#isBusy = false;
  }

  #flush(): void {
    this.#emit(this.#encoder.compressChunk(this.#piece.subarray(0, this.#filled)));
    this.#filled = 0;
  }

  #emit(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#push(bytes);
  }
}

type Encoder = Awaited<ReturnType<typeof import("@hpcc-js/wasm-zstd")["Zstd"]["load"]>>;
