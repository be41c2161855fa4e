import { TowerError } from "../errors.ts";

/** zstd's own bound without --long (ZSTD_WINDOWLOG_LIMIT_DEFAULT). */
const MOST_WINDOW = 128 << 20;
const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary's number, and of a content size, by their flags (RFC 8878, 3.1.1.1). */
const DICTIONARY = [0, 1, 2, 4], CONTENT = [0, 2, 4, 8];

type Part = "magic" | "descriptor" | "header" | "block" | "skippable";

/**
 * Follows zstd frames by their headers alone and refuses a window that no image needs: a decoder
 * has to have that much memory, and a frame of a few bytes may ask for gigabytes.
 */
export class ZstdWindows {
  #part: Part = "magic";
  #wanted = 4;
  #bytes: number[] = [];
  #skip = 0;
  #descriptor = 0;

  /** @throws {TowerError} `limit` */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        at += skipped;
        this.#skip -= skipped;
        continue;
      }
      this.#bytes.push(bytes[at++]!);
      if (this.#bytes.length < this.#wanted) continue;
      const [part, wanted] = this.#step(this.#bytes);
      [this.#part, this.#wanted, this.#bytes] = [part, wanted, []];
    }
  }

  /** What comes behind a part that is whole, and how many bytes that has. */
  #step(bytes: readonly number[]): [Part, number] {
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
        if (this.#window(bytes) > MOST_WINDOW) {
          throw new TowerError(
            "limit",
            `Cannot decompress zstd: it needs a window of more than ${MOST_WINDOW} bytes`,
            { hint: "compress it by zstd without --long and --ultra" },
          );
        }
        return ["block", 3];
      default: {
        const header = number(bytes);
        const isRun = ((header >> 1) & 3) === 1;
        this.#skip = isRun ? 1 : header >> 3;
        const isLast = (header & 1) === 1;
        if (!isLast) return ["block", 3];
        this.#skip += this.#descriptor & 4; // its checksum
        return ["magic", 4];
      }
    }
  }

  /** Bytes of the window: told, or the whole content of a frame that is one segment. */
  #window(bytes: readonly number[]): number {
    const isSingle = (this.#descriptor & 0x20) !== 0;
    if (isSingle) return number(bytes.slice(DICTIONARY[this.#descriptor & 3]!));
    const base = 2 ** (10 + (bytes[0]! >> 3));
    return base + (base / 8) * (bytes[0]! & 7);
  }
}

/** Little-endian. */
function number(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte, i) => sum + byte * 256 ** i, 0);
}
