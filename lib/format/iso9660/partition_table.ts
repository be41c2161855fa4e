import type { ByteSink } from "../../bytes/bytes.ts";
import { type Gpt, GPT_TYPE, type GptPartition, writeGpt } from "../gpt.ts";
import { protectiveMbr } from "../mbr.ts";
import type { BootOptions } from "./boot_options.ts";
import type { IsoLayout } from "./plan.ts";
import { ISO_SECTOR } from "./sector.ts";

const DISK_SECTOR = 512;
const PER_SECTOR = ISO_SECTOR / DISK_SECTOR;
/** The system area is the partition table's. */
const FIRST = 64;
/** Bytes of isohdpfx.bin's code; then it wants to know where isolinux.bin lies. */
const DISK_CODE = 432;

/**
 * What makes a disk of the medium: a GPT with the ISO 9660 file system and the EFI system partition,
 * and code that a BIOS starts from a disk.
 *
 * The second entry of the protective record is empty and active: some BIOSes start no disk without
 * an active one, and UEFI forbids the first to be.
 */
export function writePartitionTable(layout: IsoLayout, boot: BootOptions, sink: ByteSink): void {
  const diskSectors = layout.size / DISK_SECTOR;
  const gpt: Gpt = {
    diskGuid: boot.diskId,
    diskSectors,
    partitions: partitionsOf(layout),
    bootCode: codeOf(layout, boot),
  };
  writeGpt(gpt, sink);
  const record = protectiveMbr(diskSectors, gpt.bootCode);
  new DataView(record.buffer).setUint32(440, parseInt(boot.diskId.slice(0, 8), 16), true);
  if (boot.bios) record[446 + 16] = 0x80;
  sink.writeAt(0, record);
}

/** The partitions of a medium that starts. */
export function partitionsOf({ filesEnd, options: { boot } }: IsoLayout): GptPartition[] {
  if (!boot) return [];
  const end = filesEnd * PER_SECTOR;
  return [
    {
      type: GPT_TYPE.basicData,
      guid: boot.isoPartition,
      name: "ISO9660",
      flags: ["read-only"],
      firstSector: FIRST,
      sectors: end - FIRST,
    },
    ...(boot.esp
      ? [{
        type: GPT_TYPE.efiSystem,
        guid: boot.espPartition,
        name: "ESP",
        flags: [],
        firstSector: end,
        sectors: boot.esp.size / DISK_SECTOR,
      }]
      : []),
  ];
}

function codeOf(layout: IsoLayout, { bios }: BootOptions): Uint8Array {
  if (!bios) return new Uint8Array();
  const code = new Uint8Array(DISK_CODE + 8);
  code.set(bios.diskCode.subarray(0, DISK_CODE));
  const sector = layout.files.get(bios.loader)!.sector * PER_SECTOR;
  new DataView(code.buffer).setBigUint64(DISK_CODE, BigInt(sector), true);
  return code;
}
