import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Extent } from "./directory_record.ts";
import { malformed } from "./iso_error.ts";
import { ISO_SECTOR } from "./sector.ts";

/**
 * Reads what describes files. A sound medium has each part of that once, and a directory that was
 * moved is looked at twice: what is read in all is bounded by that, as directories that overlap would
 * else cost the square of a medium's size.
 */
export class BoundedSource {
  #left: number;

  constructor(readonly source: ByteSource) {
    this.#left = 2 * source.size;
  }

  /** @throws {TowerError} `malformed` for what lies outside the medium, or was read before. */
  read({ sector, size }: Extent, offset = 0): Uint8Array {
    const at = sector * ISO_SECTOR + offset;
    if (at + size > this.source.size) throw malformed("a directory lies behind its end");
    this.#left -= size;
    if (this.#left < 0) throw malformed("its directories overlap");
    return readExactly(this.source, at, size);
  }
}
