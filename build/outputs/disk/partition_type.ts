import type { Arch } from "../../../lib/brand.ts";
import { GPT_TYPE } from "../../../lib/format/gpt.ts";
import { MBR_TYPE } from "../../../lib/format/mbr.ts";
import { asUuid, type Uuid } from "../../../lib/format/uuid.ts";

type Table = "mbr" | "gpt";
/** A GPT's type, the byte of an MBR, or that byte as the content has it. */
export type TypeInTable = Uuid | number | "content";

const ROOT: Record<Arch, Uuid> = {
  x86_64: GPT_TYPE.rootX86_64,
  aarch64: GPT_TYPE.rootAarch64,
  armv7: GPT_TYPE.rootArm,
};

const NAMED = {
  esp: { gpt: () => GPT_TYPE.efiSystem, mbr: MBR_TYPE.efiSystem },
  boot: { gpt: () => GPT_TYPE.extendedBoot, mbr: "content" },
  root: { gpt: (arch: Arch) => ROOT[arch], mbr: MBR_TYPE.linux },
  data: { gpt: () => GPT_TYPE.basicData, mbr: "content" },
  linux: { gpt: () => GPT_TYPE.linux, mbr: MBR_TYPE.linux },
  swap: { gpt: () => GPT_TYPE.linuxSwap, mbr: MBR_TYPE.linuxSwap },
} as const;

/** Bytes that say something else than what a partition is for: unused, extended, "see the GPT". */
const NO_TYPES = [0, 0x05, 0x0f, 0x85, MBR_TYPE.gptProtective];

/** Whether a text names a type, or spells one of either table. */
export function isPartitionType(text: string): boolean {
  return (["gpt", "mbr"] as const).some((table) => typeIn(table, text, "x86_64") !== undefined);
}

/** A type as a table has it; undefined for text that names none of that table. */
export function typeIn(table: Table, text: string, arch: Arch): TypeInTable | undefined {
  if (Object.hasOwn(NAMED, text)) {
    const named = NAMED[text as keyof typeof NAMED];
    return table === "gpt" ? named.gpt(arch) : named.mbr;
  }
  if (table === "gpt") return /[1-9a-f]/i.test(text) ? asUuid(text) : undefined;
  const byte = /^0x[0-9a-f]{2}$/i.test(text) ? Number(text) : 0;
  return NO_TYPES.includes(byte) ? undefined : byte;
}

/** A type as people read it: its name in a GPT, the byte of an MBR. */
export function typeText(type: TypeInTable, arch: Arch): string {
  if (type === "content") return "of its content";
  if (typeof type === "number") return byteText(type);
  const named = Object.entries(NAMED).find(([, { gpt }]) => gpt(arch) === type);
  return named?.[0] ?? type;
}

/** The byte of an MBR as a manifest has it. */
export function byteText(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Whether firmware takes a partition of a type for an EFI system partition. */
export function isEsp(type: TypeInTable | undefined): boolean {
  return type === GPT_TYPE.efiSystem || type === MBR_TYPE.efiSystem;
}

/** Whether an MBR says by a type that a FAT file system is there. */
export function saysFat(type: TypeInTable | undefined): boolean {
  return type === "content" || typeof type === "number" && MBR_FAT.includes(type);
}

/** FAT12, FAT16 and FAT32, by cylinders or by block numbers. */
const MBR_FAT = [0x01, 0x04, 0x06, 0x0b, 0x0c, 0x0e];
