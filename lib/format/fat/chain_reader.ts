import type { Steps } from "../../breathe.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Piece } from "../placed_contents.ts";
import type { FatParts } from "./boot_record.ts";
import { malformed } from "./volume.ts";

/** Bytes of a table that are read at once: whole entries of 12, 16 and 32 bits. */
const CHUNK = 3 << 14;
/** Clusters that are followed in one breath. */
const BREATH = 1 << 16;
const ENDS = { fat12: 0xff8, fat16: 0xfff8, fat32: 0x0ffffff8 } as const;

/** Follows the chains of a volume's table. Each cluster belongs to one of them alone. */
export class ChainReader {
  readonly #source: ByteSource;
  readonly #parts: FatParts;
  /** A bit for each cluster that a chain had. */
  readonly #taken: Uint8Array;
  #chunk: { readonly start: number; readonly bytes: DataView } | undefined;

  constructor(source: ByteSource, parts: FatParts) {
    this.#source = source;
    this.#parts = parts;
    this.#taken = new Uint8Array((parts.clusters >> 3) + 1);
  }

  /**
   * Where a chain's bytes lie, clusters one after another joined.
   * @param most Clusters that it may have.
   * @throws {TowerError} `malformed` for a chain that is longer, leaves the volume, or has a cluster
   * that it, or another, had.
   */
  *pieces(first: number, most: number): Steps<Piece[]> {
    const { type, clusterBytes, clusters, data } = this.#parts;
    const pieces: { start: number; length: number }[] = [];
    let count = 0;
    for (let cluster = first; cluster < ENDS[type]; cluster = this.#next(cluster)) {
      if (cluster < 2 || cluster >= clusters + 2) throw malformed("a chain leads nowhere");
      if (++count > most) throw malformed("a chain is too long");
      this.#take(cluster - 2);
      const start = data + (cluster - 2) * clusterBytes;
      const last = pieces.at(-1);
      if (last !== undefined && last.start + last.length === start) last.length += clusterBytes;
      else pieces.push({ start, length: clusterBytes });
      if (count % BREATH === 0) yield;
    }
    return pieces;
  }

  #take(index: number): void {
    const bit = 1 << (index & 7);
    if (this.#taken[index >> 3]! & bit) throw malformed("two chains have the same cluster");
    this.#taken[index >> 3]! |= bit;
  }

  #next(cluster: number): number {
    const { type } = this.#parts;
    if (type === "fat16") return this.#entry(2 * cluster, (v, at) => v.getUint16(at, true));
    if (type === "fat32") {
      return this.#entry(4 * cluster, (v, at) => v.getUint32(at, true) & 0x0fffffff);
    }
    // Two entries of 12 bits share three bytes.
    const shift = cluster & 1 ? 12 : 0;
    return this.#entry(3 * (cluster >> 1), (v, at) => {
      const pair = v.getUint16(at, true) | v.getUint8(at + 2) << 16;
      return pair >> shift & 0xfff;
    });
  }

  #entry(offset: number, read: (view: DataView, at: number) => number): number {
    const { table } = this.#parts;
    const start = offset - offset % CHUNK;
    if (this.#chunk?.start !== start) {
      const bytes = new Uint8Array(CHUNK);
      const length = Math.min(CHUNK, table.bytes - start);
      bytes.set(readExactly(this.#source, table.start + start, length));
      this.#chunk = { start, bytes: new DataView(bytes.buffer) };
    }
    return read(this.#chunk.bytes, offset - start);
  }
}
