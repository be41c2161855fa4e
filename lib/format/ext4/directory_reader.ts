/** Entries of directories (Documentation/filesystems/ext4/directory.rst). */
import { decodeText, malformed, viewOf } from "./reading.ts";

const HEADER = 8;

export interface Ext4Name {
  readonly name: string;
  readonly ino: number;
}

/**
 * The names in a block of a directory, or in what an inode holds of one, without `.` and `..`. Nodes
 * of an index and checksums look like unused entries, so that a hashed directory is read as any other.
 *
 * @param hasFileTypes Whether a name's length has one byte, and not two.
 * @throws {TowerError} `malformed`
 */
export function* readNames(block: Uint8Array, hasFileTypes: boolean): Generator<Ext4Name> {
  const view = viewOf(block);
  for (let at = 0; at < block.length;) {
    if (at + HEADER > block.length) throw malformed("a directory ends within an entry");
    const ino = view.getUint32(at, true);
    const length = recordLength(view.getUint16(at + 4, true), block.length);
    const named = hasFileTypes ? block[at + 6]! : view.getUint16(at + 6, true);
    if (length < HEADER || length % 4 !== 0 || at + length > block.length) {
      throw malformed("an entry of a directory leaves its block");
    }
    if (ino !== 0) {
      if (HEADER + named > length || named === 0) throw malformed("a name leaves its entry");
      const bytes = block.subarray(at + HEADER, at + HEADER + named);
      const name = decodeText(bytes, "a name");
      if (name !== "." && name !== "..") yield { name, ino };
    }
    at += length;
  }
}

/** Lengths that 16 bits have no room for are those of blocks of 64 KiB. */
function recordLength(told: number, blockSize: number): number {
  if (blockSize < 65536) return told;
  if (told === 0 || told === 65535) return blockSize;
  return (told & 0xfffc) | (told & 3) << 16;
}
