/** The journal (Documentation/filesystems/ext4/journal.rst): empty, so only its first block. */
import { BLOCK_SIZE } from "./geometry.ts";

const MAGIC = 0xc03b3998;
const SUPERBLOCK_V2 = 4;

/** Sizes of file system and the journal that mke2fs gives below them, in blocks of 4 KiB. */
const SIZES = [
  [2048, 0],
  [32768, 1024],
  [262144, 4096],
  [524288, 8192],
  [4194304, 16384],
  [8388608, 32768],
  [16777216, 65536],
  [33554432, 131072],
  [Infinity, 262144],
] as const;

/** Blocks of the journal of a file system of so many blocks; 0 is no journal. */
export function journalBlocks(blocks: number): number {
  return SIZES.find(([below]) => blocks < below)![1];
}

/** Writes the superblock of an empty journal into 4096 zero bytes. Journals are big-endian. */
export function encodeJournalSuperblock(bytes: Uint8Array, blocks: number, uuid: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(0x00, MAGIC);
  view.setUint32(0x04, SUPERBLOCK_V2);
  view.setUint32(0x0c, BLOCK_SIZE);
  view.setUint32(0x10, blocks);
  view.setUint32(0x14, 1); // first block of the log
  view.setUint32(0x18, 1); // first transaction; a start of 0 says the log is empty
  bytes.set(uuid, 0x30);
  view.setUint32(0x40, 1); // users
}
