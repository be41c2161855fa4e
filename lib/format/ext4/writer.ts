import { inOneBreath } from "../../breathe.ts";
import type { ContentSink } from "../../tree/content_sink.ts";
import type { ContentReader } from "../../tree/entry.ts";
import { BlockWriter } from "./block_writer.ts";
import { fileSystemSeed, inodeSeed } from "./checksum.ts";
import { writeContent } from "./contents.ts";
import { cutDirectory, type Dirent, encodeDirectoryBlock } from "./directory.ts";
import { extentTree } from "./extents.ts";
import { BLOCK_SIZE, type Group, INODE_SIZE, type Run } from "./geometry.ts";
import { bitmapsOf, encodeDescriptors, type Usage } from "./group_descriptor.ts";
import {
  encodeInode,
  encodeUnusedInode,
  EXTENTS_FL,
  INO,
  type InodeRecord,
  S_IFMT,
} from "./inode.ts";
import { encodeJournalSuperblock } from "./journal.ts";
import type { PlacedInode } from "./placement.ts";
import { type Ext4Layout, labelBytes, uuidBytes } from "./plan.ts";
import {
  RESIZE_INODE_SIZE,
  resizeInodeBlocks,
  resizeInodeMap,
  resizeInodeRoot,
} from "./resize_inode.ts";
import { encodeSuperblock, SUPERBLOCK_OFFSET, type SuperblockFields } from "./superblock.ts";
import { encodeInodeXattrs, encodeXattrBlock } from "./xattr.ts";

/**
 * Writes a file system. Contents go straight from their blobs to the sink, a few megabytes at a
 * time; what is zero and can stay a hole is not written. The superblock comes last, so an image
 * that was cut short cannot be mounted.
 *
 * @param onProgress is told how many bytes of contents are written, and waited for
 * @throws {RangeError} when a blob is shorter than its content says, and what the reader and the
 * sink throw
 */
export async function writeExt4(
  layout: Ext4Layout,
  reader: ContentReader,
  sink: ContentSink,
  onProgress: (done: number) => Promise<void> = inOneBreath,
): Promise<void> {
  const writer = new BlockWriter(sink);
  const uuid = uuidBytes(layout.options.uuid);
  const seed = fileSystemSeed(uuid);
  const copyBlock = (block: number, bytes: Uint8Array) =>
    writer.zeros(block * BLOCK_SIZE, BLOCK_SIZE).set(bytes);

  for (const { block, bytes } of resizeInodeMap(layout.geometry, layout.resizeBlock)) {
    copyBlock(block, bytes);
  }
  let done = 0;
  for (const placed of layout.inodes) {
    const { plan, runs, xattrBlock } = placed;
    if (xattrBlock > 0) {
      const bytes = writer.zeros(xattrBlock * BLOCK_SIZE, BLOCK_SIZE);
      encodeXattrBlock(bytes, plan.path, plan.xattrs!, xattrBlock, seed);
    }
    const own = inodeSeed(seed, plan.ino);
    if (plan.body.kind === "directory") {
      writeDirectory(writer, runs, plan.body.dirents(), own);
    } else if (plan.body.kind === "journal") {
      const bytes = writer.zeros(runs[0]!.start * BLOCK_SIZE, BLOCK_SIZE);
      encodeJournalSuperblock(bytes, plan.dataBlocks, uuid);
    } else if (plan.body.kind === "file") {
      for (const n of writeContent(writer, { reader, sink }, runs, plan.body.content)) {
        await onProgress(done += n);
      }
    }
    if (placed.nodes.length > 0) {
      for (const { block, bytes } of extentTree(runs, placed.nodes, own).nodes) {
        copyBlock(block, bytes);
      }
    }
  }
  writeInodeTables(writer, layout, seed);
  writeGroups(writer, layout, seed);
  writer.flush();
}

function writeDirectory(
  writer: BlockWriter,
  runs: readonly Run[],
  dirents: readonly Dirent[],
  seed: number,
): void {
  const blocks = cutDirectory(dirents);
  let i = 0;
  for (const { start, count } of runs) {
    for (let at = start; at < start + count; at++, i++) {
      const bytes = writer.zeros(at * BLOCK_SIZE, BLOCK_SIZE);
      encodeDirectoryBlock(bytes, blocks[i] ?? [], seed);
    }
  }
}

function writeInodeTables(writer: BlockWriter, layout: Ext4Layout, seed: number): void {
  const { geometry: { groups, inodesPerGroup }, inventory: { lastIno } } = layout;
  for (const [i, group] of groups.entries()) {
    const first = i * inodesPerGroup + 1;
    const count = Math.min(inodesPerGroup, lastIno - first + 1);
    for (let n = 0; n < count; n++) {
      const ino = first + n;
      const bytes = writer.zeros(group.inodeTable * BLOCK_SIZE + n * INODE_SIZE, INODE_SIZE);
      const own = inodeSeed(seed, ino);
      const inode = layout.inodes.get(ino);
      if (inode) encodeInode(bytes, recordOf(inode, own), own);
      else if (ino === INO.resize) encodeInode(bytes, resizeRecord(layout), own);
      else encodeUnusedInode(bytes, own);
    }
  }
}

function recordOf({ plan, runs, nodes, xattrBlock }: PlacedInode, seed: number): InodeRecord {
  const mapped = plan.body.kind !== "root";
  return {
    ...plan,
    blocks: plan.dataBlocks + nodes.length + (xattrBlock > 0 ? 1 : 0),
    flags: mapped ? EXTENTS_FL : 0,
    root: plan.body.kind === "root" ? plan.body.root : extentTree(runs, nodes, seed).root,
    ...(plan.xattrPlace === "inode"
      ? { xattrArea: encodeInodeXattrs(plan.path, plan.xattrs!) }
      : {}),
    xattrBlock,
  };
}

function resizeRecord(layout: Ext4Layout): InodeRecord {
  return {
    mode: S_IFMT.file | 0o600,
    uid: 0,
    gid: 0,
    mtime: layout.options.epoch,
    links: 1,
    size: RESIZE_INODE_SIZE,
    blocks: resizeInodeBlocks(layout.geometry),
    flags: 0,
    root: resizeInodeRoot(layout.resizeBlock),
    xattrBlock: 0,
  };
}

/** Bitmaps, then the superblock and the descriptors in each group that has them, group 0 last. */
function writeGroups(writer: BlockWriter, layout: Ext4Layout, seed: number): void {
  const { geometry, endBlock, inventory: { lastIno } } = layout;
  const usage: Usage = { endBlock, lastIno, directories: directoriesByGroup(layout) };
  const write = (offset: number, bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      const span = writer.span(offset + at, bytes.length - at);
      span.set(bytes.subarray(at, at + span.length));
      at += span.length;
    }
  };
  const bitmaps = bitmapsOf(geometry, usage);
  const table = encodeDescriptors(
    geometry,
    usage,
    tap(bitmaps, ({ blocks, inodes }, i) => {
      const group = geometry.groups[i]!;
      if (blocks) write(group.blockBitmap * BLOCK_SIZE, blocks);
      if (inodes) write(group.inodeBitmap * BLOCK_SIZE, inodes);
    }),
    seed,
  );
  const fields = superblockFields(layout, seed);
  const copies = [...geometry.groups.entries()].filter(([, group]) => group.hasSuperblock);
  for (const [i, group] of copies.reverse()) {
    write((group.start + 1) * BLOCK_SIZE, table);
    write(superblockOffset(i, group), encodeSuperblock(fields, i));
  }
}

function* tap<T>(items: Iterable<T>, see: (item: T, index: number) => void): Generator<T> {
  let index = 0;
  for (const item of items) {
    see(item, index++);
    yield item;
  }
}

function superblockOffset(index: number, group: Group): number {
  return index === 0 ? SUPERBLOCK_OFFSET : group.start * BLOCK_SIZE;
}

function superblockFields(layout: Ext4Layout, seed: number): SuperblockFields {
  const { options, geometry } = layout;
  const journal = layout.inodes.get(INO.journal);
  return {
    geometry,
    uuid: uuidBytes(options.uuid),
    hashSeed: uuidBytes(options.hashSeed),
    label: labelBytes(options.label),
    epoch: options.epoch,
    freeBlocks: layout.freeBlocks,
    freeInodes: geometry.groups.length * geometry.inodesPerGroup - layout.inventory.lastIno,
    ...(journal
      ? {
        journal: {
          blocks: journal.plan.dataBlocks,
          bytes: journal.plan.size,
          root: extentTree(journal.runs, journal.nodes, inodeSeed(seed, INO.journal)).root,
        },
      }
      : {}),
  };
}

/** Directories by the group of their inode. */
function directoriesByGroup({ geometry, inventory }: Ext4Layout): number[] {
  const counts = geometry.groups.map(() => 0);
  for (const ino of inventory.directories()) {
    counts[Math.floor((ino - 1) / geometry.inodesPerGroup)]! += 1;
  }
  return counts;
}
