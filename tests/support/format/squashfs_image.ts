/** squashfs images in files, for their judges. */
import type { Digest } from "../../../lib/brand.ts";
import type { ByteSource } from "../../../lib/bytes/bytes.ts";
import { openBlockPacker } from "../../../lib/disk/block_packer.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import { readSquashfs, type SquashfsImage } from "../../../lib/format/squashfs/reader.ts";
import { writeSquashfs } from "../../../lib/format/squashfs/writer.ts";
import type { ContentReader, Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { fileSink } from "../program/file_sink.ts";
import { emptyTree, EPOCH, sources } from "./ext4_image.ts";
import { randomTree } from "./ext4_trees.ts";

/** What images are called in their trees' contents. */
export const IMAGE_NAME = `sha256:${"0".repeat(64)}` as Digest;

const MOST_TIME = 2 ** 32 - 1;

/** A random tree of what squashfs can hold. */
export function randomSquashfsTree(seed: number, limit: number): FileTree {
  const tree = emptyTree();
  for (const entry of randomTree(seed, limit).walk()) tree.put(heldEntry(entry));
  return tree;
}

function heldEntry(entry: Entry): Entry {
  const mtime = Math.min(MOST_TIME, Math.abs(entry.mtime));
  const { xattrs, ...plain } = entry;
  // Linux knows no other mode of a link.
  const rest = entry.type === "symlink" ? { ...plain, mode: 0o777 } : plain;
  // Linux lets files and directories alone have attributes of users.
  const prefixes = ["trusted.", "security."];
  if (entry.type === "file" || entry.type === "directory") prefixes.push("user.");
  const held = [...xattrs ?? []].filter(([name]) => prefixes.some((p) => name.startsWith(p)));
  return held.length === 0 ? { ...rest, mtime } : { ...rest, mtime, xattrs: new Map(held) };
}

export interface ImageOptions {
  readonly packing: BlockPacking;
  readonly blockSize?: number;
  readonly jobs?: number;
}

/** Writes a tree as an image in a file; returns its size. */
export async function makeSquashfs(
  path: string,
  tree: FileTree,
  { packing, blockSize = 128 << 10, jobs = 1 }: ImageOptions,
  reader: ContentReader = sources({}),
): Promise<number> {
  using compressor = openBlockPacker(packing, jobs, new AbortController().signal);
  using sink = fileSink(path);
  const { compression } = packing;
  return await writeSquashfs(tree, reader, sink, {
    ...{ compression, compressor, blockSize, epoch: EPOCH },
  });
}

/** Reads an image; its contents can be read as long as the source is open. */
export function readImage(source: ByteSource): Promise<SquashfsImage> {
  return readSquashfs(source, IMAGE_NAME);
}
