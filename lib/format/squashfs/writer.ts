import type { ByteSink } from "../../bytes/bytes.ts";
import { type ContentReader, sizeOf } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import type { BlockCompressor } from "../block_compressor.ts";
import { BlockQueue } from "./block_queue.ts";
import { DataWriter, type StoredFile } from "./data_writer.ts";
import { NOWHERE } from "./fields.ts";
import { InodeWriter } from "./inode_writer.ts";
import { checkTree } from "./limits.ts";
import { lookupTable } from "./metadata_table.ts";
import { Numbering } from "./numbering.ts";
import { type CompressorName, encodeSuperblock, FLAG, SUPERBLOCK } from "./superblock.ts";

/** What a file system is made with. */
export interface SquashfsOptions {
  readonly compression: "none" | Extract<CompressorName, "gzip" | "zstd">;
  /** Does what `compression` says. */
  readonly compressor: BlockCompressor;
  /** Bytes of a block of contents: a power of two from 4 KiB to 1 MiB. */
  readonly blockSize: number;
  /** Seconds since 1970 at which it is said to be made. */
  readonly epoch: number;
  /** Told how many bytes of contents are done. */
  readonly onBytes?: (done: number) => void;
}

/** Multiple of bytes that an image has, for devices that have such blocks. */
const PADDING = 4096;

/**
 * Writes a tree as squashfs 4.0: contents first, as they come, then what tells about them, and the
 * superblock last. The same tree and options give the same bytes.
 *
 * @returns the size of the image in bytes
 * @throws {TowerError} `unsupported` for what squashfs cannot hold, before anything is written
 */
export async function writeSquashfs(
  tree: FileTree,
  reader: ContentReader,
  sink: ByteSink,
  options: SquashfsOptions,
): Promise<number> {
  const { compressor, blockSize, epoch, compression, onBytes = () => {} } = options;
  checkTree(tree);
  const numbering = new Numbering(tree);
  const queue = new BlockQueue(sink, SUPERBLOCK, compressor, blockSize);
  const data = new DataWriter(queue, { blockSize, onBytes });
  const files = await writeContents(tree, reader, data);
  let position = await queue.end();

  const writer = new InodeWriter(tree, numbering, files, compressor);
  const { inodes, directories, root, places, owners, xattrs } = await writer.write();
  const put = (bytes: Uint8Array): number => {
    const start = position;
    sink.writeAt(start, bytes);
    position += bytes.length;
    return start;
  };
  /** Puts a table of numbered entries; returns where its list is. */
  const putLookup = async (entries: Uint8Array): Promise<number> => {
    const { bytes, list } = await lookupTable(entries, position, compressor);
    return put(bytes) + list;
  };
  const inodeTable = put(inodes);
  const directoryTable = put(directories);
  const fragmentTable = data.fragments === 0 ? NOWHERE : await putLookup(data.fragmentEntries());
  const exportTable = await putLookup(places);
  const idTable = await putLookup(owners.entries());
  const attributes = await xattrs.end(position);
  const xattrTable = attributes ? put(attributes.bytes) + attributes.header : NOWHERE;

  const padding = (PADDING - position % PADDING) % PADDING;
  if (padding > 0) sink.writeAt(position, new Uint8Array(padding));
  sink.writeAt(
    0,
    encodeSuperblock({
      ...{ inodes: numbering.count, made: epoch, blockSize, fragments: data.fragments },
      // What is stored as it is has to have a compressor all the same.
      compressor: compression === "none" ? "gzip" : compression,
      flags: FLAG.duplicates | FLAG.exportable |
        (compression === "none" ? STORED_FLAGS : 0) |
        (data.fragments === 0 ? FLAG.noFragments : 0) | (attributes ? 0 : FLAG.noXattrs),
      ...{ ids: owners.count, root, bytesUsed: position, idTable, xattrTable },
      ...{ inodeTable, directoryTable, fragmentTable, exportTable },
    }),
  );
  return position + padding;
}

const STORED_FLAGS = FLAG.storedInodes | FLAG.storedData | FLAG.storedFragments |
  FLAG.storedXattrs | FLAG.storedIds;

/** Writes the contents of all files in the tree's order; where each is, by path. */
async function writeContents(
  tree: FileTree,
  reader: ContentReader,
  data: DataWriter,
): Promise<ReadonlyMap<string, StoredFile>> {
  const files = new Map<string, StoredFile>();
  for (const entry of tree.walk()) {
    if (entry.type === "file") files.set(entry.path, await data.add(reader, entry.content));
  }
  await data.end();
  return files;
}

/** Bytes of all contents of a tree: what `onBytes` counts up to. */
export function contentBytes(tree: FileTree): number {
  let sum = 0;
  for (const entry of tree.walk()) {
    if (entry.type === "file") sum += sizeOf(entry.content);
  }
  return sum;
}
