import { TowerError } from "../errors.ts";
import { ZSTD_BLOCK, ZstdSequences } from "./zstd_sequences.ts";

/** zstd's own bound without --long (ZSTD_WINDOWLOG_LIMIT_DEFAULT). */
const MOST_WINDOW = 128 << 20;
const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary's number, and of a content size, by their flags (RFC 8878, 3.1.1.1). */
const DICTIONARY = [0, 1, 2, 4], CONTENT = [0, 2, 4, 8];

/**
 * Bytes that the decoder may move: it makes a window for each frame and moves all of it for each block,
 * so that frames of a few bytes would cost seconds. Real blocks make 128 KiB but for the last.
 */
const ALWAYS_MOVED = 4 * 2 ** 30, MOVED_FOR_EACH = 2048;
const BLOCK_TYPE = { run: 1, compressed: 2 } as const;

type Part = "magic" | "descriptor" | "header" | "block" | "compressed" | "skippable";

/**
 * Follows zstd frames before a decoder does, and refuses what would cost it more than an image is
 * worth: windows that it has to have memory for, blocks that copy without end, windows moved for
 * nothing.
 */
export class ZstdWindows {
  #part: Part = "magic";
  #wanted = 4;
  readonly #bytes = new Uint8Array(ZSTD_BLOCK);
  #filled = 0;
  #skip = 0;
  #descriptor = 0;
  #window = 0;
  #sequences = new ZstdSequences();
  #isLast = false;
  #moved = 0;
  #made = 0;

  /** @throws {TowerError} `limit`; `malformed` for blocks that make more than they may */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        at += skipped;
        this.#skip -= skipped;
        continue;
      }
      const used = Math.min(this.#wanted - this.#filled, bytes.length - at);
      this.#bytes.set(bytes.subarray(at, at + used), this.#filled);
      at += used;
      this.#filled += used;
      if (this.#filled < this.#wanted) continue;
      const [part, wanted] = this.#step(this.#bytes.subarray(0, this.#wanted));
      [this.#part, this.#wanted, this.#filled] = [part, wanted, 0];
    }
  }

  /** What comes behind a part that is whole, and how many bytes that has. */
  #step(bytes: Uint8Array): [Part, number] {
    switch (this.#part) {
      case "magic":
        // What is no frame of data is left to the decoder.
        return number(bytes) === MAGIC ? ["descriptor", 1] : ["skippable", 4];
      case "skippable":
        this.#skip = number(bytes);
        return ["magic", 4];
      case "descriptor": {
        const descriptor = this.#descriptor = bytes[0]!;
        const single = (descriptor >> 5) & 1;
        const size = CONTENT[descriptor >> 6]! || single;
        const length = 1 - single + DICTIONARY[descriptor & 3]! + size;
        return length === 0 ? ["block", 3] : ["header", length];
      }
      case "header":
        this.#window = this.#windowOf(bytes);
        if (this.#window > MOST_WINDOW) {
          throw new TowerError(
            "limit",
            `Cannot decompress zstd: it needs a window of more than ${MOST_WINDOW} bytes`,
            { hint: "compress it by zstd without --long and --ultra" },
          );
        }
        this.#sequences = new ZstdSequences();
        this.#move();
        return ["block", 3];
      case "block": {
        const header = number(bytes);
        const [type, size] = [(header >> 1) & 3, header >> 3];
        this.#isLast = (header & 1) === 1;
        if (size > ZSTD_BLOCK) throw malformed(`a block has ${size} bytes`);
        if (type === BLOCK_TYPE.compressed) {
          if (size === 0) throw malformed("a block is empty");
          return ["compressed", size];
        }
        this.#skip = type === BLOCK_TYPE.run ? 1 : size;
        return this.#blockEnd(size);
      }
      case "compressed":
        return this.#blockEnd(this.#sequences.sizeOf(bytes));
    }
  }

  #blockEnd(made: number): [Part, number] {
    this.#made += made;
    this.#move();
    if (!this.#isLast) return ["block", 3];
    this.#skip += this.#descriptor & 4; // its checksum
    return ["magic", 4];
  }

  #move(): void {
    this.#moved += this.#window;
    if (this.#moved <= ALWAYS_MOVED + MOVED_FOR_EACH * this.#made) return;
    const what = `its blocks are too small for windows of ${this.#window} bytes`;
    throw new TowerError("limit", `Cannot decompress zstd: ${what}`);
  }

  /** Bytes of the window: told, or the whole content of a frame that is one segment. */
  #windowOf(bytes: Uint8Array): number {
    const isSingle = (this.#descriptor & 0x20) !== 0;
    if (isSingle) return number(bytes.slice(DICTIONARY[this.#descriptor & 3]!));
    const base = 2 ** (10 + (bytes[0]! >> 3));
    return base + (base / 8) * (bytes[0]! & 7);
  }
}

/** Little-endian. */
function number(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, i) => sum + byte * 256 ** i, 0);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot decompress zstd: ${cause}`);
}
