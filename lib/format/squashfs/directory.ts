import { fields } from "./fields.ts";
import type { IndexEntry, Listing } from "./inode.ts";
import type { MetadataTable, Place } from "./metadata_table.ts";
import { concat } from "../../bytes/bytes.ts";
import { METADATA } from "./superblock.ts";

/** A name in a directory, and the inode that it is of. */
export interface Dirent {
  readonly name: Uint8Array;
  readonly inode: Place;
  readonly number: number;
  /** The basic kind of the inode. */
  readonly kind: number;
}

const HEADER = 12;
/** Entries below one header. */
const MOST_ENTRIES = 256;

/**
 * Writes the listing of a directory: runs of entries, each below a header that says in which
 * metadata block their inodes begin and from which number theirs count. A run ends where another
 * metadata block begins, so that the index of a long listing can name each of them.
 *
 * @param dirents ordered by the bytes of their names
 */
export async function putListing(
  table: MetadataTable,
  dirents: readonly Dirent[],
): Promise<Listing> {
  const begin = table.place;
  const index: IndexEntry[] = [];
  let size = 0;
  let indexed = begin.block;
  for (const run of runsOf(dirents, begin.offset)) {
    const { block } = table.place;
    if (block !== indexed) index.push({ at: size, block, name: run[0]!.name });
    indexed = block;
    const bytes = encodeRun(run);
    await table.put(bytes);
    size += bytes.length;
  }
  return { ...begin, size, index };
}

/** Dirents cut where a header has to begin; `offset` is that of the first in its metadata block. */
function* runsOf(dirents: readonly Dirent[], offset: number): Generator<readonly Dirent[]> {
  let at = offset;
  for (let start = 0; start < dirents.length;) {
    const first = dirents[start]!;
    const next = (Math.floor(at / METADATA) + 1) * METADATA;
    at += HEADER;
    let end = start;
    do at += entrySize(dirents[end++]!); while (
      end < dirents.length && end - start < MOST_ENTRIES && at < next &&
      fits(dirents[end]!, first)
    );
    yield dirents.slice(start, end);
    start = end;
  }
}

/** Whether a dirent can stand below the header of another. */
function fits({ inode, number }: Dirent, first: Dirent): boolean {
  const delta = number - first.number;
  return inode.block === first.inode.block && delta >= -0x8000 && delta <= 0x7fff;
}

function entrySize({ name }: Dirent): number {
  return 8 + name.length;
}

function encodeRun(run: readonly Dirent[]): Uint8Array {
  const { inode: { block }, number: base } = run[0]!;
  return concat([
    fields([[4, run.length - 1], [4, block], [4, base]]),
    ...run.flatMap(({ name, inode, number, kind }) => [
      fields([[2, inode.offset], [2, (number - base) & 0xffff], [2, kind], [2, name.length - 1]]),
      name,
    ]),
  ]);
}
