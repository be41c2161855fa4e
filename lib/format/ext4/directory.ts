/** Linear directories (Documentation/filesystems/ext4/directory.rst). */
import { utf8Length } from "../../bytes/bytes.ts";
import { checksum } from "./checksum.ts";
import { BLOCK_SIZE } from "./geometry.ts";

/** Type of a directory entry's inode, as the `filetype` feature records it. */
export const FILE_TYPE = {
  file: 1,
  directory: 2,
  char: 3,
  block: 4,
  fifo: 5,
  symlink: 7,
} as const;
export type FileType = (typeof FILE_TYPE)[keyof typeof FILE_TYPE];

export interface Dirent {
  /** 1 to 255 bytes of UTF-8. */
  readonly name: string;
  readonly ino: number;
  readonly type: FileType;
}

/** The record that holds a block's checksum at its end and looks like an unused entry. */
const TAIL = 12;
const TAIL_TYPE = 0xde;
const USABLE = BLOCK_SIZE - TAIL;

const ENCODER = new TextEncoder();

function recordSize({ name }: Dirent): number {
  return 8 + Math.ceil(utf8Length(name) / 4) * 4;
}

/** Blocks of a directory, cut into what each holds. */
export function cutDirectory(dirents: readonly Dirent[]): Dirent[][] {
  const blocks: Dirent[][] = [];
  let left = 0;
  for (const dirent of dirents) {
    const size = recordSize(dirent);
    if (size > left) {
      blocks.push([]);
      left = USABLE;
    }
    blocks.at(-1)!.push(dirent);
    left -= size;
  }
  return blocks;
}

/**
 * Writes one block of a directory.
 *
 * @param block 4096 zero bytes
 * @param seed the directory inode's seed
 */
export function encodeDirectoryBlock(
  block: Uint8Array,
  dirents: readonly Dirent[],
  seed: number,
): void {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let at = 0;
  for (const [i, dirent] of dirents.entries()) {
    const size = i === dirents.length - 1 ? USABLE - at : recordSize(dirent);
    view.setUint32(at, dirent.ino, true);
    view.setUint16(at + 4, size, true);
    view.setUint8(at + 6, ENCODER.encodeInto(dirent.name, block.subarray(at + 8)).written);
    view.setUint8(at + 7, dirent.type);
    at += size;
  }
  if (dirents.length === 0) view.setUint16(4, USABLE, true);
  view.setUint16(USABLE + 4, TAIL, true);
  view.setUint8(USABLE + 7, TAIL_TYPE);
  view.setUint32(USABLE + 8, checksum(seed, block.subarray(0, USABLE)), true);
}
