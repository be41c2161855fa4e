import { concat } from "../../bytes/bytes.ts";
import type { BlockCompressor } from "../block_compressor.ts";
import { type Field, fields } from "./fields.ts";
import { METADATA } from "./superblock.ts";

/** Of a metadata block's header: it is not compressed. */
export const STORED_METADATA = 0x8000;

/** A place in a table of metadata: where its block begins on the medium, and how far into it. */
export interface Place {
  /** From the start of the table. */
  readonly block: number;
  readonly offset: number;
}

/** A place as the eight bytes that name it. */
export function referenceOf({ block, offset }: Place): number {
  return block * 65536 + offset;
}

/** Bytes that become metadata blocks of 8 KiB, each compressed for itself, as soon as one is full. */
export class MetadataTable {
  readonly #compressor: BlockCompressor;
  readonly #parts: Uint8Array[] = [];
  /** Where each block begins. */
  readonly #blocks: number[] = [];
  #size = 0;
  readonly #buffer = new Uint8Array(METADATA);
  #filled = 0;

  constructor(compressor: BlockCompressor) {
    this.#compressor = compressor;
  }

  /** Where the next byte comes. */
  get place(): Place {
    return { block: this.#size, offset: this.#filled };
  }

  async put(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + METADATA - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === METADATA) await this.#flush();
    }
  }

  /** The whole table, and where each of its blocks begins. */
  async end(): Promise<{ readonly bytes: Uint8Array; readonly blocks: readonly number[] }> {
    if (this.#filled > 0) await this.#flush();
    return { bytes: concat(this.#parts), blocks: this.#blocks };
  }

  async #flush(): Promise<void> {
    const length = this.#filled;
    const { bytes } = await this.#compressor.compress({
      bytes: this.#buffer.slice(0, length),
      lengths: [length],
    });
    const header = bytes.length < length ? bytes.length : bytes.length | STORED_METADATA;
    // A copy, without the memory that it does not fill any more.
    this.#parts.push(fields([[2, header]]), bytes.slice());
    this.#blocks.push(this.#size);
    this.#size += 2 + bytes.length;
    this.#filled = 0;
  }
}

/**
 * A table whose entries are found by number: metadata blocks, and behind them the list of their
 * positions, of eight bytes each. Entries never cross blocks.
 *
 * @param base where it comes on the medium
 * @returns its bytes, and from `base` where the list begins
 */
export async function lookupTable(
  entries: Uint8Array,
  base: number,
  compressor: BlockCompressor,
): Promise<{ readonly bytes: Uint8Array; readonly list: number }> {
  const table = new MetadataTable(compressor);
  await table.put(entries);
  const { bytes, blocks } = await table.end();
  const list = fields(blocks.map((at): Field => [8, base + at]));
  return { bytes: concat([bytes, list]), list: bytes.length };
}
