import type { Digest } from "../brand.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import type { Content, ContentReader } from "../tree/entry.ts";

/** Pieces of all files of a medium together: each takes 16 bytes here. */
const MOST_PIECES = 4_000_000;
/** Bytes of all files together, holes included: whoever reads them does not wait for days. */
const MOST_BYTES = 2 ** 44;

/** Bytes of a file that lie one after another on a medium. */
export interface Piece {
  /** Where they begin, in bytes; undefined for a hole, which reads as zeros. */
  readonly start: number | undefined;
  readonly length: number;
}

/**
 * The contents of files that lie in pieces on a medium, as one source: one file behind the other, in
 * the order in which they were added.
 */
export class PlacedContents implements ByteSource {
  readonly #medium: ByteSource;
  /** Where each piece begins in this source, and on the medium (-1 for a hole). */
  readonly #at: number[] = [];
  readonly #start: number[] = [];
  #size = 0;

  constructor(medium: ByteSource) {
    this.#medium = medium;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes a file's pieces, in order; returns where it begins.
   * @throws {TowerError} `malformed` where one does not lie on the medium, `limit`
   */
  add(pieces: Iterable<Piece>): number {
    const base = this.#size;
    for (const { start, length } of pieces) {
      if (length === 0) continue;
      if (start !== undefined && start + length > this.#medium.size) {
        throw new TowerError("malformed", "Cannot read a file: it lies behind the medium's end");
      }
      if (this.#at.length >= MOST_PIECES) throw limit(`more than ${MOST_PIECES} pieces`);
      this.#at.push(this.#size);
      this.#start.push(start ?? -1);
      this.#size += length;
      if (this.#size > MOST_BYTES) throw limit(`more than ${MOST_BYTES} bytes`);
    }
    return base;
  }

  readAt(offset: number, into: Uint8Array): number {
    if (into.length === 0 || offset < 0 || offset >= this.#size) return 0;
    const piece = this.#pieceAt(offset);
    const end = this.#at[piece + 1] ?? this.#size;
    const part = into.subarray(0, Math.min(into.length, end - offset));
    const start = this.#start[piece]!;
    if (start >= 0) return this.#medium.readAt(start + offset - this.#at[piece]!, part);
    part.fill(0);
    return part.length;
  }

  #pieceAt(offset: number): number {
    let [low, high] = [0, this.#at.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#at[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Bytes of a source that has a name, unchecked. */
export function rangeOf(blob: Digest, offset: number, size: number): Content {
  return { kind: "span", blob, offset, size, sha256: undefined };
}

/** Opens one source by its name. */
export function readerOf(name: Digest, source: ByteSource): ContentReader {
  return {
    open(blob) {
      if (blob === name) return source;
      throw new TowerError("not-found", `Cannot read "${blob}": it is not the image's`);
    },
  };
}

function limit(what: string): TowerError {
  return new TowerError("limit", `Cannot read the files of a medium: they have ${what}`);
}
