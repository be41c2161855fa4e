import type { Arch } from "../../../lib/brand.ts";
import { GPT_TYPE } from "../../../lib/format/gpt.ts";
import { MBR_TYPE } from "../../../lib/format/mbr.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";

/** Names of partition types. */
export const PARTITION_TYPES = ["esp", "boot", "root"] as const;
export type PartitionType = (typeof PARTITION_TYPES)[number];

const ROOT: Record<Arch, Uuid> = {
  x86_64: GPT_TYPE.rootX86_64,
  aarch64: GPT_TYPE.rootAarch64,
  armv7: GPT_TYPE.rootArm,
};

/** The type that a GPT has for a name. */
export function gptType(name: PartitionType, arch: Arch): Uuid {
  return { esp: GPT_TYPE.efiSystem, boot: GPT_TYPE.extendedBoot, root: ROOT[arch] }[name];
}

/** The type that an MBR has for a name; undefined leaves it to the content. */
export function mbrType(name: PartitionType): number | undefined {
  return { esp: MBR_TYPE.efiSystem, boot: undefined, root: MBR_TYPE.linux }[name];
}
