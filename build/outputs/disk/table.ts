import type { ByteSink } from "../../../lib/bytes/bytes.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import { writeGpt } from "../../../lib/format/gpt.ts";
import { encodeMbr } from "../../../lib/format/mbr.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";
import type { LaidOut } from "./content.ts";
import type { DiskLayout } from "./place.ts";
import type { DiskPlan } from "./plan.ts";

/** Writes the partition table, with the boot code of a BIOS where one shall boot. */
export function writeTable(
  plan: DiskPlan,
  { size, placements }: DiskLayout,
  contents: readonly LaidOut[],
  bootCode: Readonly<Record<DiskPlan["table"], Uint8Array>>,
  sink: ByteSink,
): void {
  if (plan.table === "gpt") {
    const partitions = plan.partitions.map(({ type, guid, name, flags }, i) => ({
      ...{ ...placements[i]!, type: type as Uuid, guid, name, flags },
    }));
    const diskSectors = size / SECTOR;
    writeGpt({ diskGuid: plan.diskId, diskSectors, bootCode: bootCode.gpt, partitions }, sink);
    return;
  }
  const record = encodeMbr({
    bootCode: bootCode.mbr,
    signature: parseInt(plan.diskId.slice(0, 8), 16),
    partitions: plan.partitions.map(({ type, flags }, i) => ({
      ...placements[i]!,
      type: type === "content" ? contents[i]!.mbrType : type as number,
      active: flags.includes("boot"),
    })),
  });
  sink.writeAt(0, record);
}
