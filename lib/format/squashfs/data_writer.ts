import { identityOf, piecesOf } from "../../tree/content.ts";
import { type Content, type ContentReader, sizeOf } from "../../tree/entry.ts";
import type { BlockQueue } from "./block_queue.ts";
import { type Field, fields } from "./fields.ts";
import { NONE } from "./superblock.ts";

const PIECE = 256 << 10;
/** Of each file that is a tail alone: an array of its own would take more than its inode. */
const NO_BLOCKS = new Uint32Array();

/** Where the bytes of a file are. */
export interface StoredFile {
  /** Of its first block that is no hole. */
  readonly start: number;
  /** Of each whole block: 0 is a hole, `STORED` is set where it is not compressed. */
  readonly sizes: Uint32Array;
  /** Number of the fragment block that has its tail, or `NONE`. */
  readonly fragment: number;
  /** Of the tail in the fragment block before compression. */
  readonly offset: number;
  /** Bytes in holes. */
  readonly holes: number;
}

/** How contents are cut. */
export interface DataOptions {
  /** A power of two from 4 KiB to 1 MiB. */
  readonly blockSize: number;
  /** Told how many bytes of contents are done. */
  readonly onBytes: (done: number) => void;
}

/**
 * Cuts contents into blocks, and puts their tails together into fragment blocks. Equal contents
 * are written once; a block of zeros becomes a hole.
 */
export class DataWriter {
  readonly #queue: BlockQueue;
  readonly #options: DataOptions;
  /** Contents that are written, by what they are. */
  readonly #known = new Map<string, StoredFile>();
  readonly #piece = new Uint8Array(PIECE);
  readonly #block: Uint8Array<ArrayBuffer>;
  readonly #tails: Uint8Array;
  #tailsFilled = 0;
  readonly #fragments: { start: number; size: number }[] = [];
  #done = 0;

  constructor(queue: BlockQueue, options: DataOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#block = new Uint8Array(options.blockSize);
    this.#tails = new Uint8Array(options.blockSize);
  }

  get fragments(): number {
    return this.#fragments.length;
  }

  /** Takes a content. The answer is true once the queue has ended. */
  async add(reader: ContentReader, content: Content): Promise<StoredFile> {
    const identity = identityOf(content);
    const known = this.#known.get(identity);
    if (known !== undefined) {
      this.#told(sizeOf(content));
      return known;
    }
    const file = await this.#write(reader, content);
    this.#known.set(identity, file);
    return file;
  }

  /** To be called behind the last content. */
  async end(): Promise<void> {
    await this.#endFragment();
  }

  /** The entries of the table of fragments, of 16 bytes each; once the queue has ended. */
  fragmentEntries(): Uint8Array {
    const entries = this.#fragments.flatMap(({ start, size }): Field[] => [
      ...[[8, start], [4, size], [4, 0]] as const,
    ]);
    return fields(entries);
  }

  async #write(reader: ContentReader, content: Content): Promise<StoredFile> {
    const { blockSize } = this.#options;
    const size = sizeOf(content);
    const blocks = Math.floor(size / blockSize);
    const tail = size % blockSize;
    if (this.#tailsFilled + tail > blockSize) await this.#endFragment();
    const file = {
      start: 0,
      sizes: blocks === 0 ? NO_BLOCKS : new Uint32Array(blocks),
      fragment: tail === 0 ? NONE : this.#fragments.length,
      offset: tail === 0 ? 0 : this.#tailsFilled,
      holes: 0,
    };
    let began = false;
    let block = 0;
    let filled = 0;
    for (const piece of piecesOf(reader, content, this.#piece)) {
      for (let at = 0; at < piece.length;) {
        if (block === blocks) {
          const rest = piece.subarray(at);
          this.#tails.set(rest, this.#tailsFilled);
          this.#tailsFilled += rest.length;
          break;
        }
        const part = piece.subarray(at, at + blockSize - filled);
        this.#block.set(part, filled);
        at += part.length;
        filled += part.length;
        if (filled < blockSize) continue;
        filled = 0;
        const number = block++;
        if (isZero(this.#block)) {
          file.holes += blockSize;
          continue;
        }
        await this.#queue.put(this.#block, (position, size) => {
          if (!began) file.start = position;
          began = true;
          file.sizes[number] = size;
        });
      }
      this.#told(piece.length);
    }
    return file;
  }

  async #endFragment(): Promise<void> {
    if (this.#tailsFilled === 0) return;
    const entry = { start: 0, size: 0 };
    this.#fragments.push(entry);
    const tails = this.#tails.subarray(0, this.#tailsFilled);
    this.#tailsFilled = 0;
    await this.#queue.put(
      tails,
      (position, size) => Object.assign(entry, { start: position, size }),
    );
  }

  #told(bytes: number): void {
    this.#done += bytes;
    this.#options.onBytes(this.#done);
  }
}

/** Whether a block is zeros. */
function isZero(block: Uint8Array<ArrayBuffer>): boolean {
  const words = new Int32Array(block.buffer);
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== 0) return false;
  }
  return true;
}
