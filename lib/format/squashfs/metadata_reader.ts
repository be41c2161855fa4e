import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Decompress } from "./decompress.ts";
import { STORED_METADATA } from "./metadata_table.ts";
import { malformed, METADATA } from "./superblock.ts";

/** Decompressed blocks that are kept. */
const KEPT = 32;

interface Block {
  readonly bytes: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** Part of a medium that holds metadata blocks. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** Reads metadata blocks of a part of a medium; nothing is read outside of it. */
export class MetadataReader {
  readonly #source: ByteSource;
  readonly #region: Region;
  readonly #decompress: Decompress;
  /** By position; the one that was used longest ago first. */
  readonly #blocks = new Map<number, Block>();

  constructor(source: ByteSource, region: Region, decompress: Decompress) {
    this.#source = source;
    this.#region = region;
    this.#decompress = decompress;
  }

  /** Bytes that the part holds at most: no table in it is longer. */
  get mostBytes(): number {
    const { start, end } = this.#region;
    // A block has a header of two bytes, and one byte at least.
    return Math.floor((end - start) / 3) * METADATA;
  }

  /**
   * Reads from a block on.
   * @param block from the start of the part
   */
  at({ block, offset }: { readonly block: number; readonly offset: number }): MetadataCursor {
    return new MetadataCursor(this, this.#region.start + block, offset);
  }

  /** A block by its position on the medium. */
  block(position: number): Block {
    const known = this.#blocks.get(position);
    this.#blocks.delete(position);
    const block = known ?? this.#read(position);
    this.#blocks.set(position, block);
    if (this.#blocks.size > KEPT) this.#blocks.delete(this.#blocks.keys().next().value!);
    return block;
  }

  #read(position: number): Block {
    const { start, end } = this.#region;
    if (!(position >= start && position + 2 < end)) {
      throw malformed(`metadata at ${position} is not from ${start} to ${end}`);
    }
    const [low, high] = readExactly(this.#source, position, 2);
    const header = low! | high! << 8;
    const size = header & ~STORED_METADATA;
    const next = position + 2 + size;
    if (size === 0 || size > METADATA || next > end) {
      throw malformed(`metadata at ${position} has ${size} bytes`);
    }
    const raw = readExactly(this.#source, position + 2, size);
    const bytes = header & STORED_METADATA ? raw : this.#decompress(raw, METADATA);
    if (bytes.length === 0) throw malformed(`metadata at ${position} is empty`);
    return { bytes, end: next };
  }
}

/** A place in metadata that goes on as it is read, from block to block. */
export class MetadataCursor {
  readonly #reader: MetadataReader;
  #position: number;
  #offset: number;

  constructor(reader: MetadataReader, position: number, offset: number) {
    this.#reader = reader;
    this.#position = position;
    this.#offset = offset;
  }

  /** Bytes that the part of the medium holds at most. */
  get mostBytes(): number {
    return this.#reader.mostBytes;
  }

  /** A cursor at the same place, which goes on for itself. */
  copy(): MetadataCursor {
    return new MetadataCursor(this.#reader, this.#position, this.#offset);
  }

  /** The next bytes. @throws {TowerError} `malformed` when there are less */
  take(length: number): Uint8Array {
    if (length > this.#reader.mostBytes) throw malformed(`a record has ${length} bytes`);
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytes, end } = this.#reader.block(this.#position);
      if (this.#offset > bytes.length) throw malformed(`a place is at ${this.#offset} of a block`);
      const part = bytes.subarray(this.#offset, this.#offset + length - done);
      out.set(part, done);
      done += part.length;
      this.#offset += part.length;
      if (this.#offset < bytes.length) continue;
      this.#position = end;
      this.#offset = 0;
    }
    return out;
  }

  /** The next bytes as numbers. */
  view(length: number): DataView {
    return new DataView(this.take(length).buffer);
  }
}
