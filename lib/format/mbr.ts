import { TowerError } from "../errors.ts";

/** Bytes of boot code in a master boot record: what comes before the disk signature. */
export const MBR_CODE_SIZE = 440;
const SECTOR = 512;
const MOST_SECTORS = 0xffffffff;

/** Partition types (one byte). */
export const MBR_TYPE = {
  fat12: 0x01,
  /** A partition that holds others, by three of its names. */
  extended: 0x05,
  extendedLba: 0x0f,
  extendedLinux: 0x85,
  /** FAT16 and FAT32 that the loader reads by block number (LBA). */
  fat16: 0x0e,
  fat32: 0x0c,
  linuxSwap: 0x82,
  linux: 0x83,
  /** The one entry that says "this disk has a GPT". */
  gptProtective: 0xee,
  efiSystem: 0xef,
} as const;

/** One of the four primary partitions. Sectors are of 512 bytes. */
export interface MbrPartition {
  readonly type: number;
  /** Whether the boot code starts this one; at most one is. */
  readonly active: boolean;
  readonly firstSector: number;
  readonly sectors: number;
}

/** A master boot record. */
export interface Mbr {
  /** At most 440 bytes; empty for a disk that BIOSes do not boot. */
  readonly bootCode: Uint8Array;
  /** 32 bits: with the partition's number, Linux' PARTUUID. */
  readonly signature: number;
  readonly partitions: readonly MbrPartition[];
}

/**
 * The first sector of a disk.
 *
 * @throws {TowerError} `unsupported` for a partition that ends past 2 TiB or boot code that is
 * too long.
 */
export function encodeMbr(mbr: Mbr): Uint8Array {
  if (mbr.bootCode.length > MBR_CODE_SIZE) {
    throw new TowerError(
      "unsupported",
      `Cannot write a boot record: its code has ${mbr.bootCode.length} bytes, more than ${MBR_CODE_SIZE}`,
    );
  }
  if (mbr.partitions.length > 4) throw new RangeError("A boot record has at most 4 partitions");
  if (mbr.partitions.filter((p) => p.active).length > 1) {
    throw new RangeError("A boot record has at most one active partition");
  }
  const bytes = new Uint8Array(SECTOR);
  const view = new DataView(bytes.buffer);
  bytes.set(mbr.bootCode);
  view.setUint32(440, mbr.signature, true);
  mbr.partitions.forEach((partition, i) =>
    bytes.set(encodePartition(partition, i + 1), 446 + 16 * i)
  );
  view.setUint16(510, 0xaa55, true);
  return bytes;
}

function encodePartition(partition: MbrPartition, number: number): Uint8Array {
  const { firstSector, sectors } = partition;
  if (firstSector + sectors - 1 > MOST_SECTORS || sectors > MOST_SECTORS) {
    throw new TowerError(
      "unsupported",
      `Cannot write partition ${number} of an MBR: it ends past 2 TiB`,
      { hint: "A GPT has no such limit" },
    );
  }
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  bytes[0] = partition.active ? 0x80 : 0;
  bytes.set(chs(firstSector), 1);
  bytes[4] = partition.type;
  bytes.set(chs(firstSector + sectors - 1), 5);
  view.setUint32(8, firstSector, true);
  view.setUint32(12, sectors, true);
  return bytes;
}

/**
 * A sector as cylinder, head and sector of the geometry that BIOSes pretend (255 heads, 63
 * sectors), or FE FF FF where that has no number.
 */
function chs(sector: number): readonly [number, number, number] {
  const cylinder = Math.floor(sector / (255 * 63));
  if (cylinder > 1023) return [0xfe, 0xff, 0xff];
  const head = Math.floor(sector / 63) % 255;
  return [head, sector % 63 + 1 | cylinder >> 8 << 6, cylinder & 0xff];
}

/** The record in front of a GPT: one partition over the whole disk (UEFI, §5.2.3). */
export function protectiveMbr(diskSectors: number, bootCode: Uint8Array): Uint8Array {
  const sectors = Math.min(diskSectors - 1, MOST_SECTORS);
  const bytes = encodeMbr({
    bootCode,
    signature: 0,
    partitions: [],
  });
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 2, 0, MBR_TYPE.gptProtective], 446);
  bytes.set(chs(sectors), 451);
  view.setUint32(454, 1, true);
  view.setUint32(458, sectors, true);
  return bytes;
}

/** An entry of a boot record as it stands there. */
export interface MbrEntryFields {
  /** 0x80 of the active one, 0 of others. */
  readonly status: number;
  readonly type: number;
  readonly firstSector: number;
  readonly sectors: number;
}

/** The four entries of a sector, used or not; undefined where it is no boot record. */
export function decodeEntries(sector: Uint8Array): MbrEntryFields[] | undefined {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  if (sector.length !== SECTOR || view.getUint16(510, true) !== 0xaa55) return undefined;
  return [0, 1, 2, 3].map((i) => 446 + 16 * i).map((at) => ({
    status: sector[at]!,
    type: sector[at + 4]!,
    firstSector: view.getUint32(at + 8, true),
    sectors: view.getUint32(at + 12, true),
  }));
}

/**
 * The partitions that the first sector of a disk lists; entries of type 0 are left out.
 *
 * @throws {TowerError} `malformed` for a sector that is no master boot record.
 */
export function decodePartitions(sector: Uint8Array): MbrPartition[] {
  const entries = decodeEntries(sector);
  if (entries === undefined) {
    throw new TowerError("malformed", "Cannot read a partition table: it has no boot record");
  }
  return entries.filter(({ type }) => type !== 0).map(({ status, type, firstSector, sectors }) => ({
    ...{ type, active: status === 0x80, firstSector, sectors },
  }));
}
