/** The extent tree of an inode (Documentation/filesystems/ext4/ifork.rst). */
import { checksum } from "./checksum.ts";
import { BLOCK_SIZE, type Run } from "./geometry.ts";

const MAGIC = 0xf30a;
const RECORD = 12;
/** Records beside the header in the 60 bytes of an inode. */
const ROOT_RECORDS = 4;
/** Records in a block, between the header and the checksum of 4 bytes. */
const NODE_RECORDS = Math.floor((BLOCK_SIZE - RECORD - 4) / RECORD);

/** A record of a leaf (with a length) or of an index (without). */
interface Extent {
  /** First block of the file that it covers. */
  readonly logical: number;
  readonly length: number;
  /** Block of the data, or of the node below. */
  readonly block: number;
}

export interface ExtentNode {
  readonly block: number;
  readonly bytes: Uint8Array;
}

export interface ExtentTree {
  /** The 60 bytes of the inode. */
  readonly root: Uint8Array;
  readonly nodes: readonly ExtentNode[];
}

/** Blocks that the tree of so many extents takes beside the inode. */
export function nodeCount(extents: number): number {
  let total = 0;
  for (let n = extents; n > ROOT_RECORDS;) {
    n = Math.ceil(n / NODE_RECORDS);
    total += n;
  }
  return total;
}

/**
 * The tree of a file whose blocks are `runs`, one after another.
 *
 * @param blocks where its nodes go, as many as {@linkcode nodeCount} says
 * @param seed the inode's seed
 */
export function extentTree(
  runs: readonly Run[],
  blocks: readonly number[],
  seed: number,
): ExtentTree {
  let level: Extent[] = [];
  let logical = 0;
  for (const { start, count } of runs) {
    level.push({ logical, length: count, block: start });
    logical += count;
  }
  const nodes: ExtentNode[] = [];
  let depth = 0;
  while (level.length > ROOT_RECORDS) {
    const above: Extent[] = [];
    for (let at = 0; at < level.length; at += NODE_RECORDS) {
      const records = level.slice(at, at + NODE_RECORDS);
      const bytes = new Uint8Array(BLOCK_SIZE);
      const view = encode(bytes, records, NODE_RECORDS, depth);
      const end = RECORD * (1 + NODE_RECORDS);
      view.setUint32(end, checksum(seed, bytes.subarray(0, end)), true);
      const block = blocks[nodes.length]!;
      nodes.push({ block, bytes });
      above.push({ logical: records[0]!.logical, length: 0, block });
    }
    level = above;
    depth++;
  }
  const root = new Uint8Array(RECORD * (1 + ROOT_RECORDS));
  encode(root, level, ROOT_RECORDS, depth);
  return { root, nodes };
}

function encode(
  bytes: Uint8Array,
  records: readonly Extent[],
  capacity: number,
  depth: number,
): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(0, MAGIC, true);
  view.setUint16(2, records.length, true);
  view.setUint16(4, capacity, true);
  view.setUint16(6, depth, true);
  for (const [i, record] of records.entries()) {
    const at = RECORD * (1 + i);
    view.setUint32(at, record.logical, true);
    if (depth === 0) {
      view.setUint16(at + 4, record.length, true);
      view.setUint32(at + 8, record.block, true);
    } else view.setUint32(at + 4, record.block, true);
  }
  return view;
}
