import { Buffer } from "node:buffer";
import { openZstd, ZSTD_FRAME } from "../format/zstd.ts";
import { zstdHere } from "./zstd_frame.ts";
import { zstdWorkers } from "./zstd_workers.ts";

/**
 * Compresses bytes that come in order to zstd frames of fixed size, each by the next free worker.
 * What comes out depends on the bytes and the level, not on the number of workers.
 */
export class ZstdPacker implements Disposable {
  readonly #frames: FrameMaker;
  readonly #write: (bytes: Uint8Array) => void;
  /** Frames under way, oldest first. */
  readonly #pending: Promise<Uint8Array>[] = [];
  /** Memory of frames that were made. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  readonly #zeros = new Uint8Array(ZSTD_FRAME);
  /** The frame of zeros alone: images have many. */
  #frameOfZeros: Promise<Uint8Array> | undefined;
  #buffer = new Uint8Array(ZSTD_FRAME);
  #filled = 0;

  private constructor(frames: FrameMaker, write: (bytes: Uint8Array) => void) {
    this.#frames = frames;
    this.#write = write;
  }

  /**
   * @param level 1 to 19
   * @param jobs threads beside the caller's; with 1 the caller's own does it
   * @param write gets the frames in order
   */
  static open(level: number, jobs: number, write: (bytes: Uint8Array) => void): ZstdPacker {
    const frames = jobs > 1 ? frameWorkers(level, jobs) : ownThread(level);
    return new ZstdPacker(frames, write);
  }

  /** Takes bytes; they may be reused once it is done. */
  async push(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + ZSTD_FRAME - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === ZSTD_FRAME) await this.#send();
    }
  }

  /** Compresses what is left and writes all frames. */
  async end(): Promise<void> {
    if (this.#filled > 0) await this.#send();
    while (this.#pending.length > 0) await this.#writeOldest();
  }

  /** Stops the workers; what was written so far may lack frames. */
  [Symbol.dispose](): void {
    this.#frames[Symbol.dispose]();
  }

  async #send(): Promise<void> {
    const frame = this.#frame(this.#buffer.subarray(0, this.#filled));
    frame.catch(() => {}); // who waits for an older one is told of that one first
    this.#pending.push(frame);
    this.#filled = 0;
    while (this.#pending.length > this.#frames.most) await this.#writeOldest();
  }

  #frame(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    // Bytes of a program differ from zeros at once.
    const isZeros = bytes.length === ZSTD_FRAME && Buffer.compare(bytes, this.#zeros) === 0;
    if (isZeros && this.#frameOfZeros) return this.#frameOfZeros;
    const frame = this.#make(bytes);
    if (isZeros) this.#frameOfZeros = frame;
    this.#buffer = this.#spare.pop() ?? new Uint8Array(ZSTD_FRAME);
    return frame;
  }

  async #make(contents: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const { frame, bytes } = await this.#frames.make(contents);
    if (bytes.length === ZSTD_FRAME) this.#spare.push(bytes);
    return frame;
  }

  async #writeOldest(): Promise<void> {
    this.#write(await this.#pending[0]!);
    this.#pending.shift();
  }
}

/** Makes frames; `make` takes the bytes away, and gives them back with the frame. */
interface FrameMaker extends Disposable {
  /** Frames that may be under way. */
  readonly most: number;
  make(
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly frame: Uint8Array; readonly bytes: Uint8Array<ArrayBuffer> }>;
}

function ownThread(level: number): FrameMaker {
  const encode = openZstd(zstdHere(), level);
  return {
    most: 0,
    make: async (bytes) => ({ frame: await encode(bytes), bytes }),
    [Symbol.dispose]() {},
  };
}

/** Workers that take frames in turn. */
function frameWorkers(level: number, jobs: number): FrameMaker {
  const pool = zstdWorkers(jobs);
  return {
    most: pool.most,
    make: (bytes) => pool.ask({ bytes, level }, [bytes.buffer]),
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  };
}
