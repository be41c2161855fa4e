import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { checksum, inodeSeed } from "./checksum.ts";
import { hasBackup } from "./geometry.ts";
import { malformed, viewOf } from "./reading.ts";
import type { Ext4Geometry } from "./superblock_reader.ts";

/** The record of an inode, and where it lies on the medium. */
export interface RawInode {
  readonly ino: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Blocks and inodes of a file system by their numbers; none is read that it does not have. */
export class VolumeReader {
  readonly #source: ByteSource;
  readonly geometry: Ext4Geometry;

  constructor(source: ByteSource, geometry: Ext4Geometry) {
    this.#source = source;
    this.geometry = geometry;
  }

  /** Bytes at a place of the medium, which was checked. */
  bytes(offset: number, length: number): Uint8Array {
    return readExactly(this.#source, offset, length);
  }

  /** Where blocks lie. @throws {TowerError} `malformed` where one is none of the file system */
  offsetOf(block: number, count = 1): number {
    const { superblock, blocks, blockSize } = this.geometry;
    if (block <= superblock || block + count > blocks) {
      throw malformed(`block ${block} is none of its ${blocks}`);
    }
    return block * blockSize;
  }

  block(block: number): Uint8Array {
    return this.bytes(this.offsetOf(block), this.geometry.blockSize);
  }

  /** @throws {TowerError} `malformed` for one that is not there, or whose checksum is another */
  inode(ino: number): RawInode {
    const { inodes, inodesPerGroup, inodeSize, blockSize } = this.geometry;
    if (ino < 1 || ino > inodes) throw malformed(`inode ${ino} is none of its ${inodes}`);
    const index = (ino - 1) % inodesPerGroup;
    const at = index * inodeSize;
    const block = this.#tableOf(Math.floor((ino - 1) / inodesPerGroup));
    const offset = this.offsetOf(block + Math.floor(at / blockSize)) + at % blockSize;
    const bytes = this.bytes(offset, inodeSize);
    this.#check(ino, bytes);
    return { ino, offset, bytes };
  }

  /** The first block of a group's table of inodes (group_descr.rst). */
  #tableOf(group: number): number {
    const { descriptorSize, blockSize } = this.geometry;
    const perBlock = blockSize / descriptorSize;
    const block = this.#descriptorBlock(Math.floor(group / perBlock), perBlock);
    const offset = block * blockSize + (group % perBlock) * descriptorSize;
    const view = viewOf(this.bytes(offset, descriptorSize));
    const high = descriptorSize >= 64 ? view.getUint32(0x28, true) : 0;
    return high * 2 ** 32 + view.getUint32(0x08, true);
  }

  #descriptorBlock(index: number, perBlock: number): number {
    const { firstBlock, firstMetaGroup, blocksPerGroup, superblock } = this.geometry;
    const group = index * perBlock;
    const start = firstBlock + group * blocksPerGroup;
    const block = index < firstMetaGroup
      ? superblock + 1 + index
      : group === 0
      ? superblock + 1
      : start + Number(hasBackup(group));
    this.offsetOf(block);
    return block;
  }

  #check(ino: number, bytes: Uint8Array): void {
    const { seed } = this.geometry;
    if (seed === undefined) return;
    const view = viewOf(bytes);
    const isWide = bytes.length > 128 && view.getUint16(0x80, true) >= 4;
    const told = view.getUint16(0x7c, true) + (isWide ? view.getUint16(0x82, true) * 2 ** 16 : 0);
    const plain = bytes.slice();
    plain.fill(0, 0x7c, 0x7e);
    if (isWide) plain.fill(0, 0x82, 0x84);
    const sum = checksum(inodeSeed(seed, ino, view.getUint32(0x64, true)), plain);
    if (told !== (isWide ? sum : sum & 0xffff)) {
      throw malformed(`the checksum of inode ${ino} is another`);
    }
  }
}
