/** The superblock of ext2, ext3 and ext4 (Documentation/filesystems/ext4/super.rst). */
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { formatUuid, type Uuid } from "../uuid.ts";
import { checksum, fileSystemSeed } from "./checksum.ts";
import { malformed, unsupported, viewOf } from "./reading.ts";
import { SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE } from "./superblock.ts";

const MAGIC = 0xef53;
const INCOMPATIBLE = {
  filetype: 0x2,
  recover: 0x4,
  metaBlockGroups: 0x10,
  is64Bit: 0x80,
  checksumSeed: 0x2000,
} as const;
/**
 * Of those that a reader must know: beside the ones above extents, a mark against two mounts, flexible
 * groups, attributes in inodes, large directories, data in inodes, encryption, names by case.
 */
const KNOWN = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 |
  0x10000 | 0x20000;
const METADATA_CSUM = 0x400;

/** What a file system says of itself. */
export interface Ext4Geometry {
  readonly uuid: Uuid;
  readonly label: string;
  readonly blockSize: number;
  readonly blocks: number;
  /** Where the first group begins: behind the boot sector, or with it. */
  readonly firstBlock: number;
  readonly superblock: number;
  readonly blocksPerGroup: number;
  readonly groups: number;
  readonly inodes: number;
  readonly inodesPerGroup: number;
  readonly inodeSize: number;
  readonly descriptorSize: number;
  /** From this block of descriptors on, each lies in the groups that it is of. */
  readonly firstMetaGroup: number;
  /** Whether names in directories come with their type. */
  readonly hasFileTypes: boolean;
  /** Of checksums; undefined where there are none. */
  readonly seed: number | undefined;
}

/** Whether a volume has the superblock of ext2, ext3 or ext4. */
export function isExt4(source: ByteSource): boolean {
  if (source.size < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) return false;
  return viewOf(readExactly(source, SUPERBLOCK_OFFSET + 0x38, 2)).getUint16(0, true) === MAGIC;
}

/** @throws {TowerError} `malformed`; `unsupported` for features that nothing here knows */
export function readExt4Superblock(source: ByteSource): Ext4Geometry {
  if (!isExt4(source)) throw malformed("it has no superblock");
  const bytes = readExactly(source, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE);
  const view = viewOf(bytes);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  // The first revision has neither features nor a size of inodes.
  const isOld = u32(0x4c) === 0;
  const features = isOld ? 0 : u32(0x60);
  const has = (bit: number) => (features & bit) !== 0;
  requireKnown(features);
  const uuid = bytes.subarray(0x68, 0x78);
  const hasSums = !isOld && (u32(0x64) & METADATA_CSUM) !== 0;
  if (hasSums && u32(0x3fc) !== checksum(0xffffffff, bytes.subarray(0, 0x3fc))) {
    throw malformed("the checksum of its superblock is another");
  }
  const is64Bit = has(INCOMPATIBLE.is64Bit);
  const blocks = u32(0x04) + (is64Bit ? u32(0x150) * 2 ** 32 : 0);
  const blockSize = 1024 * 2 ** Math.min(u32(0x18), 16);
  const [firstBlock, blocksPerGroup] = [u32(0x14), u32(0x20)];
  const geometry: Ext4Geometry = {
    uuid: formatUuid(uuid),
    label: labelOf(bytes.subarray(0x78, 0x88)),
    ...{ blockSize, blocks, firstBlock, blocksPerGroup, superblock: blockSize === 1024 ? 1 : 0 },
    groups: Math.ceil((blocks - firstBlock) / blocksPerGroup),
    ...{ inodes: u32(0x00), inodesPerGroup: u32(0x28), inodeSize: isOld ? 128 : u16(0x58) },
    descriptorSize: is64Bit ? u16(0xfe) : 32,
    firstMetaGroup: has(INCOMPATIBLE.metaBlockGroups) ? u32(0x104) : Infinity,
    hasFileTypes: has(INCOMPATIBLE.filetype),
    seed: !hasSums ? undefined : has(INCOMPATIBLE.checksumSeed) ? u32(0x270) : fileSystemSeed(uuid),
  };
  check(geometry, source.size);
  return geometry;
}

function requireKnown(features: number): void {
  const unknown = features & ~KNOWN;
  if (unknown !== 0) {
    throw unsupported(
      `it has features that are not known here (0x${(unknown >>> 0).toString(16)})`,
    );
  }
  if (features & INCOMPATIBLE.recover) {
    throw unsupported(
      "its journal has changes that are not in their place yet",
      "it was not unmounted, or is mounted now; e2fsck puts them there",
    );
  }
}

function check(g: Ext4Geometry, size: number): void {
  const isPower = (n: number) => n > 0 && (n & (n - 1)) === 0;
  if (g.blockSize > 65536) throw malformed("its blocks are too large");
  if (g.blocks * g.blockSize > size) {
    throw malformed(`it has ${size} bytes of ${g.blocks * g.blockSize}`);
  }
  if (g.firstBlock > g.superblock || g.blocks <= g.firstBlock) {
    throw malformed("its first block is another");
  }
  if (g.blocksPerGroup === 0 || g.inodesPerGroup === 0 || g.inodes > g.groups * g.inodesPerGroup) {
    throw malformed("its groups contradict themselves");
  }
  if (!isPower(g.inodeSize) || g.inodeSize < 128 || g.inodeSize > g.blockSize) {
    throw malformed(`its inodes have ${g.inodeSize} bytes`);
  }
  if (!isPower(g.descriptorSize) || g.descriptorSize < 32 || g.descriptorSize > g.blockSize) {
    throw malformed(`its descriptors have ${g.descriptorSize} bytes`);
  }
}

/** For people: what is no UTF-8 is shown as such. */
function labelOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
