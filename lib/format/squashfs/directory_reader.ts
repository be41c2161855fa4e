import { decodeText } from "./text.ts";
import type { MetadataCursor } from "./metadata_reader.ts";
import { malformed, MOST_NAME } from "./superblock.ts";

/** A name in a directory and the place of its inode. */
export interface ReadDirent {
  readonly name: string;
  readonly block: number;
  readonly offset: number;
}

const HEADER = 12;
const ENTRY = 8;
/** Entries below one header. */
const MOST_ENTRIES = 256;

/**
 * The entries of a listing, in its order.
 * @param size bytes of the listing
 * @throws {TowerError} `malformed`; `unsupported` for a name that is no text
 */
export function* readListing(cursor: MetadataCursor, size: number): Generator<ReadDirent> {
  for (let left = size; left > 0;) {
    if (left < HEADER) throw malformed("a listing ends too early");
    const header = cursor.view(HEADER);
    left -= HEADER;
    const count = header.getUint32(0, true) + 1;
    if (count > MOST_ENTRIES) throw malformed(`a listing has ${count} entries below a header`);
    const block = header.getUint32(4, true);
    for (let i = 0; i < count; i++) {
      const entry = cursor.view(ENTRY);
      const length = entry.getUint16(6, true) + 1;
      left -= ENTRY + length;
      if (length > MOST_NAME) throw malformed(`a name has ${length} bytes`);
      if (left < 0) throw malformed("a listing ends too early");
      const name = decodeText(cursor.take(length), "a name");
      yield { name, block, offset: entry.getUint16(0, true) };
    }
  }
}
