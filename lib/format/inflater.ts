import { crc32, createInflateRaw } from "node:zlib";

/** Bytes that one inflate step yields at most: the memory of a stream, whatever its size. */
const WINDOW = 256 << 10;

/** One deflate stream (RFC 1951) through the built-in zlib, with the CRC-32 of what comes out. */
export class Inflater {
  readonly #zlib = createInflateRaw({ chunkSize: WINDOW });
  #error: unknown;
  #settle = () => {};
  ended = false;
  crc = 0;
  size = 0;

  /**
   * @param push gets the pieces, valid during the call only; what it throws ends the reading
   * @param malformed what is said of bytes that are no such stream
   */
  constructor(push: (bytes: Uint8Array) => void, malformed: (cause: string) => Error) {
    this.#zlib.on("data", (bytes: Uint8Array) => {
      if (this.#error !== undefined) return;
      this.crc = crc32(bytes, this.crc);
      this.size += bytes.length;
      try {
        push(bytes);
      } catch (error) {
        this.#error = error;
        this.#zlib.destroy();
        this.#settle();
      }
    });
    this.#zlib.on("end", () => {
      this.ended = true;
      this.#settle();
    });
    this.#zlib.on("error", (error: Error) => {
      this.#error ??= malformed(error.message);
      this.#settle();
    });
  }

  /** Inflates from `bytes`; returns how many belong to the stream. */
  async feed(bytes: Uint8Array): Promise<number> {
    const before = this.#zlib.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#zlib.write(bytes, () => resolve());
    });
    if (this.#error !== undefined) throw this.#error;
    return this.#zlib.bytesWritten - before;
  }

  /** Says that no more bytes come, and waits for the end of the stream. */
  async finish(): Promise<void> {
    if (this.ended) return;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#zlib.end();
    });
    if (this.#error !== undefined) throw this.#error;
  }

  close(): void {
    this.#error ??= new Error("closed");
    this.#zlib.destroy();
  }
}
