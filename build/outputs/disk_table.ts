import type { Syslinux } from "../../lib/boot/syslinux.ts";
import type { Arch } from "../../lib/brand.ts";
import type { ByteSink } from "../../lib/bytes/bytes.ts";
import { type FatType, SECTOR } from "../../lib/format/fat/geometry.ts";
import { GPT_TYPE, writeGpt } from "../../lib/format/gpt.ts";
import { encodeMbr, MBR_TYPE } from "../../lib/format/mbr.ts";
import type { Uuid } from "../../lib/format/uuid.ts";
import type { DiskPlan } from "./disk_plan.ts";

/** Partitions start at a multiple of this many bytes, as all current tools do. */
export const PARTITION_ALIGNMENT = 1 << 20;

/** Where a partition lies, in sectors of 512 bytes. */
export interface Placement {
  readonly firstSector: number;
  readonly sectors: number;
}

export interface DiskLayout {
  /** Bytes of the whole disk. */
  readonly size: number;
  readonly boot: Placement;
  readonly root: Placement;
}

/** Puts the two partitions behind each other; a GPT keeps room for its backup at the end. */
export function layOutDisk(
  table: DiskPlan["table"],
  bootSize: number,
  rootSize: number,
): DiskLayout {
  const bootStart = PARTITION_ALIGNMENT;
  const rootStart = bootStart + aligned(bootSize);
  const end = rootStart + aligned(rootSize);
  return {
    size: table === "gpt" ? end + PARTITION_ALIGNMENT : end,
    boot: { firstSector: bootStart / SECTOR, sectors: bootSize / SECTOR },
    root: { firstSector: rootStart / SECTOR, sectors: rootSize / SECTOR },
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / PARTITION_ALIGNMENT) * PARTITION_ALIGNMENT;
}

const ROOT_TYPE: Record<Arch, Uuid> = {
  x86_64: GPT_TYPE.rootX86_64,
  aarch64: GPT_TYPE.rootAarch64,
  armv7: GPT_TYPE.rootArm,
};

const NO_CODE = new Uint8Array();

/** Writes the partition table, with BIOS boot code where a BIOS shall boot. */
export function writeTable(
  plan: DiskPlan,
  disk: DiskLayout,
  fatType: FatType,
  bios: Syslinux | undefined,
  sink: ByteSink,
): void {
  const uefi = plan.loaders.includes("systemd-boot");
  if (plan.table === "mbr") {
    // The Raspberry Pi's first stage knows FAT by its type only; UEFI firmware looks into it too.
    const isEfi = uefi && !plan.loaders.includes("raspberrypi");
    sink.writeAt(0, mbrOf(plan, disk, isEfi ? MBR_TYPE.efiSystem : MBR_TYPE[fatType], bios));
    return;
  }
  const boot = {
    type: uefi ? GPT_TYPE.efiSystem : GPT_TYPE.extendedBoot,
    guid: plan.boot.partitionId,
    name: "boot",
    legacyBoot: bios !== undefined,
  };
  const root = {
    type: ROOT_TYPE[plan.arch],
    guid: plan.root.partitionId,
    name: "root",
    legacyBoot: false,
  };
  writeGpt({
    diskGuid: plan.diskId,
    diskSectors: disk.size / SECTOR,
    bootCode: bios?.gptCode ?? NO_CODE,
    partitions: [{ ...disk.boot, ...boot }, { ...disk.root, ...root }],
  }, sink);
}

function mbrOf(
  plan: DiskPlan,
  disk: DiskLayout,
  bootType: number,
  bios: Syslinux | undefined,
): Uint8Array {
  return encodeMbr({
    bootCode: bios?.mbrCode ?? NO_CODE,
    signature: parseInt(plan.diskId.slice(0, 8), 16),
    partitions: [
      { ...disk.boot, type: bootType, active: bios !== undefined },
      { ...disk.root, type: MBR_TYPE.linux, active: false },
    ],
  });
}
