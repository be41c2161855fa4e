import type { ByteSink } from "../bytes/bytes.ts";
import { crc32 } from "./crc.ts";
import { protectiveMbr } from "./mbr.ts";
import { asUuid, guidBytes, type Uuid } from "./uuid.ts";

const SECTOR = 512;
const ENTRIES = 128;
const ENTRY_SIZE = 128;
const ENTRY_SECTORS = ENTRIES * ENTRY_SIZE / SECTOR;
const HEADER_SIZE = 92;
const REVISION = 0x00010000;

/** Sectors before the first that a partition may use: record, header, entries. */
export const GPT_HEAD_SECTORS = 2 + ENTRY_SECTORS;
/** Sectors after the last that a partition may use: entries, header. */
export const GPT_TAIL_SECTORS = 1 + ENTRY_SECTORS;

function known(text: string): Uuid {
  return asUuid(text)!;
}

/** Partition types: UEFI §5.3.3 and the Discoverable Partitions Specification. */
export const GPT_TYPE = {
  efiSystem: known("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
  /** A /boot that is no EFI system partition. */
  extendedBoot: known("bc13c2ff-59e6-4262-a352-b275fd6f7172"),
  /** Files of any system, as FAT and NTFS have them. */
  basicData: known("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"),
  /** Any file system of Linux. */
  linux: known("0fc63daf-8483-4772-8e79-3d69d8477de4"),
  linuxSwap: known("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"),
  rootX86_64: known("4f68bce3-e8cd-4db1-96e7-fbcaf984b709"),
  rootAarch64: known("b921b045-1df0-41c3-af44-4c6f280d3fae"),
  rootArm: known("69dad710-2ce4-4e3c-b16c-21a1d49abed3"),
} as const;

/** One partition. Sectors are of 512 bytes. */
export interface GptPartition {
  readonly type: Uuid;
  readonly guid: Uuid;
  /** Up to 36 UTF-16 units. */
  readonly name: string;
  readonly firstSector: number;
  readonly sectors: number;
  readonly flags: readonly GptFlag[];
}

/** Bits of an entry's attributes: UEFI §5.3.3 and the Discoverable Partitions Specification. */
const ATTRIBUTE = {
  /** Tools leave it alone: the platform needs it. */
  "required": 0n,
  /** BIOS boot code (syslinux' gptmbr.bin) starts this one. */
  "boot": 2n,
  /** Whoever mounts it lets its file system fill it. */
  "grow": 59n,
  "read-only": 60n,
  /** Nobody mounts it unasked. */
  "no-auto": 63n,
} as const;
export type GptFlag = keyof typeof ATTRIBUTE;

/** A partition table of 128 entries. */
export interface Gpt {
  readonly diskGuid: Uuid;
  readonly diskSectors: number;
  readonly partitions: readonly GptPartition[];
  /** At most 440 bytes; empty for a disk that BIOSes do not boot. */
  readonly bootCode: Uint8Array;
}

/**
 * Writes the protective record, the table at the start of the disk and its backup at the end.
 *
 * @throws {RangeError} When partitions overlap or leave the usable sectors.
 */
export function writeGpt(gpt: Gpt, sink: ByteSink): void {
  checkPartitions(gpt);
  const entries = encodeEntries(gpt.partitions);
  const last = gpt.diskSectors - 1;
  sink.writeAt(0, protectiveMbr(gpt.diskSectors, gpt.bootCode));
  sink.writeAt(SECTOR, encodeHeader(gpt, entries, { own: 1, other: last, entries: 2 }));
  sink.writeAt(2 * SECTOR, entries);
  const backup = last - ENTRY_SECTORS;
  sink.writeAt(backup * SECTOR, entries);
  const places = { own: last, other: 1, entries: backup };
  sink.writeAt(last * SECTOR, encodeHeader(gpt, entries, places));
}

function checkPartitions(gpt: Gpt): void {
  if (gpt.partitions.length > ENTRIES) {
    throw new RangeError(`A GPT has at most ${ENTRIES} partitions`);
  }
  let free = GPT_HEAD_SECTORS;
  for (const { name, firstSector, sectors } of gpt.partitions) {
    if (name.length > 36) throw new RangeError(`Partition name of more than 36 units: ${name}`);
    if (firstSector < free || sectors < 1) {
      throw new RangeError(`Partition "${name}" overlaps what is before it`);
    }
    free = firstSector + sectors;
  }
  if (free > gpt.diskSectors - GPT_TAIL_SECTORS) {
    throw new RangeError(`Partitions end at sector ${free}, the disk has ${gpt.diskSectors}`);
  }
}

/** Sectors that a header names: its own, the other header's, and its entries'. */
interface Places {
  readonly own: number;
  readonly other: number;
  readonly entries: number;
}

function encodeHeader(gpt: Gpt, entries: Uint8Array, places: Places): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("EFI PART"));
  view.setUint32(8, REVISION, true);
  view.setUint32(12, HEADER_SIZE, true);
  view.setBigUint64(24, BigInt(places.own), true);
  view.setBigUint64(32, BigInt(places.other), true);
  view.setBigUint64(40, BigInt(GPT_HEAD_SECTORS), true);
  view.setBigUint64(48, BigInt(gpt.diskSectors - GPT_TAIL_SECTORS - 1), true);
  bytes.set(guidBytes(gpt.diskGuid), 56);
  view.setBigUint64(72, BigInt(places.entries), true);
  view.setUint32(80, ENTRIES, true);
  view.setUint32(84, ENTRY_SIZE, true);
  view.setUint32(88, crc32(entries), true);
  view.setUint32(16, crc32(bytes.subarray(0, HEADER_SIZE)), true);
  return bytes;
}

function encodeEntries(partitions: readonly GptPartition[]): Uint8Array {
  const bytes = new Uint8Array(ENTRIES * ENTRY_SIZE);
  const view = new DataView(bytes.buffer);
  partitions.forEach((partition, i) => {
    const at = i * ENTRY_SIZE;
    bytes.set(guidBytes(partition.type), at);
    bytes.set(guidBytes(partition.guid), at + 16);
    view.setBigUint64(at + 32, BigInt(partition.firstSector), true);
    view.setBigUint64(at + 40, BigInt(partition.firstSector + partition.sectors - 1), true);
    const attributes = new Set(partition.flags.map((flag) => 1n << ATTRIBUTE[flag]));
    view.setBigUint64(at + 48, [...attributes].reduce((sum, bit) => sum | bit, 0n), true);
    for (let c = 0; c < partition.name.length; c++) {
      view.setUint16(at + 56 + 2 * c, partition.name.charCodeAt(c), true);
    }
  });
  return bytes;
}
