import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import type { Decompress } from "./decompress.ts";
import { MetadataReader } from "./metadata_reader.ts";
import { malformed, METADATA, SUPERBLOCK, viewOf } from "./superblock.ts";

/** Reads a table of numbered entries through the list of its blocks' positions. */
export class LookupReader {
  readonly #positions: DataView;
  readonly #blocks: MetadataReader;
  readonly #entry: number;
  readonly count: number;

  /**
   * @param list where the list of positions is on the medium
   * @param end where what can be read ends
   * @param entry bytes of an entry
   */
  constructor(
    source: ByteSource,
    { list, end, count, entry }: {
      readonly list: number;
      readonly end: number;
      readonly count: number;
      readonly entry: number;
    },
    decompress: Decompress,
  ) {
    const length = 8 * Math.ceil(count * entry / METADATA);
    if (list < SUPERBLOCK || list + length > end) throw malformed(`a table is at ${list}`);
    this.#positions = viewOf(readExactly(source, list, length));
    this.#blocks = new MetadataReader(source, { start: 0, end: list }, decompress);
    this.#entry = entry;
    this.count = count;
  }

  /** An entry by its number. @throws {TowerError} `malformed` when there is none */
  entry(number: number): DataView {
    if (number >= this.count) throw malformed(`entry ${number} of ${this.count} of a table`);
    const at = number * this.#entry;
    const block = Number(this.#positions.getBigUint64(8 * Math.floor(at / METADATA), true));
    return this.#blocks.at({ block, offset: at % METADATA }).view(this.#entry);
  }
}
