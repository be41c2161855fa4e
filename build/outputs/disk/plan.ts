import type { Arch } from "../../../lib/brand.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";
import { artifactName } from "../../../lib/release/artifact_name.ts";
import { type Compression, imageFile } from "../../../lib/release/file_names.ts";
import type { OutputPlanning } from "../output.ts";
import type { BootPlan } from "./boot_volume.ts";
import type { AnyContent, Room } from "./content.ts";
import { contentOf } from "./contents.ts";
import { gptType, mbrType } from "./partition_type.ts";
import { partitionsOf, type PartitionSpec } from "./short_form.ts";
import type { DiskSpec } from "./spec.ts";
import { holderOf } from "./trees.ts";

/** What fixes a disk image beside its tree. Pure JSON. */
export interface DiskPlan {
  readonly kind: "disk";
  /** Name of the artifact, with the suffix of its compression. */
  readonly file: string;
  readonly compression: Compression | "none";
  readonly arch: Arch;
  readonly table: "mbr" | "gpt";
  /** The GPT's GUID; its first field is the signature of an MBR. */
  readonly diskId: Uuid;
  /** In their order on the disk. */
  readonly partitions: readonly PartitionPlan[];
  readonly boot: BootPlan;
}

export interface PartitionPlan extends Room {
  /** No other of the disk has it. */
  readonly name: string;
  /** A GPT's type, or the byte of an MBR; `content` leaves that byte to the content. */
  readonly type: Uuid | number | "content";
  /** Only a GPT has it. */
  readonly guid: Uuid;
  /** Whether boot code of a BIOS starts it. */
  readonly legacyBoot: boolean;
  /** As its kind plans it. */
  readonly content: AnyContent;
}

/** Names and numbers of a disk, from its fields. */
export function planDisk(spec: DiskSpec, planning: OutputPlanning): DiskPlan {
  const specs = partitionsOf(spec);
  const kernel = `boot/vmlinuz-${spec.flavour}`;
  const folders = specs.flatMap(({ content }) => content.folder ?? []);
  const holder = holderOf(folders, kernel);
  const boot = specs.find(({ content }) => content.folder === holder)!.name;
  const partitions = specs.map((partition): PartitionPlan => ({
    ...planPartition(partition, spec.table, planning),
    legacyBoot: spec.loaders.includes("syslinux") && partition.name === boot,
  }));
  const root = partitions.find(({ content }) => content.folder === "")?.content;
  const rootWords = root === undefined ? undefined : contentOf(root.kind).rootWords?.(root);
  return {
    kind: "disk",
    file: artifactName(imageFile(spec.file, spec.compression), planning),
    compression: spec.compression,
    arch: planning.arch,
    table: spec.table,
    diskId: planning.uuid("disk"),
    partitions,
    boot: {
      loaders: spec.loaders,
      partition: boot,
      kernel,
      initramfs: spec.initramfs,
      cmdline: `${rootWords ?? ""} ${spec.cmdline}`.trim(),
      title: planning.system,
    },
  };
}

/**
 * What the UUIDs of a root were made from before a disk was a list of partitions. They stay, as file
 * systems of today's systems bear them.
 */
const FIRST_NAMES: Readonly<Record<string, string>> = {
  "root file system": "root",
  "root hash seed": "hash seed",
};

function planPartition(
  { name, type, content, ...room }: PartitionSpec,
  table: DiskSpec["table"],
  { arch, uuid }: OutputPlanning,
): Omit<PartitionPlan, "legacyBoot"> {
  const own = (what: string) => uuid(FIRST_NAMES[`${name} ${what}`] ?? `${name} ${what}`);
  return {
    ...room,
    name,
    type: table === "gpt" ? gptType(type, arch) : mbrType(type) ?? "content",
    guid: own("partition"),
    content: contentOf(content.kind).plan(content, { name, isEsp: type === "esp", uuid: own }),
  };
}
