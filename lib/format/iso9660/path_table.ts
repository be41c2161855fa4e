import { concat } from "../../bytes/bytes.ts";

/** A directory as a path table lists it: by level, then by its parent, then by identifier. */
export interface ListedDirectory {
  readonly id: string;
  readonly sector: number;
  /** Number of its parent in the list, from 1; the root's is its own. */
  readonly parent: number;
}

/** Bytes of a path table (ECMA-119 §6.9.1). */
export function pathTableSize(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + recordSize(id), 0);
}

/** A path table; numbers with the least significant byte first (type L) or last (type M). */
export function encodePathTable(
  directories: readonly ListedDirectory[],
  littleEndian: boolean,
): Uint8Array {
  return concat(directories.map(({ id, sector, parent }) => {
    const bytes = new Uint8Array(recordSize(id));
    const view = new DataView(bytes.buffer);
    bytes[0] = id.length;
    view.setUint32(2, sector, littleEndian);
    view.setUint16(6, parent, littleEndian);
    for (let i = 0; i < id.length; i++) bytes[8 + i] = id.charCodeAt(i);
    return bytes;
  }));
}

function recordSize(id: string): number {
  return 8 + id.length + id.length % 2;
}
