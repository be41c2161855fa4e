import type { Arch } from "../../../lib/brand.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";
import { artifactName } from "../../../lib/release/artifact_name.ts";
import { fillIn } from "../../../lib/schema/references.ts";
import { type Compression, imageFile } from "../../../lib/release/file_names.ts";
import type { OutputPlanning } from "../output.ts";
import type { BootPlan } from "./boot_volume.ts";
import { bootNumber, KERNEL } from "./boot_number.ts";
import type { AnyContent, Room } from "./content.ts";
import type { Contents } from "./contents.ts";
import { knownValues } from "./known_values.ts";
import { isLate, needsOf } from "./needs.ts";
import { isEsp, typeIn, type TypeInTable } from "./partition_type.ts";
import { partitionsOf } from "./short_form.ts";
import { type DiskSpec, PARTITION_FLAGS, type PartitionSpec } from "./spec.ts";
import { foldersOf } from "./trees.ts";

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
  /** How it starts, where anything starts it. */
  readonly boot?: BootPlan;
}

export interface PartitionPlan extends Room {
  /** No other of the disk has it. */
  readonly name: string;
  readonly type: TypeInTable;
  /** Only a GPT has it. */
  readonly guid: Uuid;
  /** Bytes of which its start is a multiple. */
  readonly align: number;
  readonly flags: readonly (typeof PARTITION_FLAGS)[number][];
  /** Names of partitions that are written before it, as it needs values that are known only then. */
  readonly after: readonly string[];
  /** As its kind plans it. */
  readonly content: AnyContent;
}

/** Names and numbers of a disk, from its fields, which `checks.ts` found to go together. */
export function planDisk(
  spec: DiskSpec,
  planning: OutputPlanning,
  contents: Contents,
): DiskPlan {
  const specs = partitionsOf(spec);
  const starting = spec.loaders.includes("syslinux") ? bootNumber(specs) : -1;
  const late = needsOf(spec, contents).filter(isLate);
  const partitions = specs.map((partition, i) => ({
    ...planPartition(partition, spec.table, i === starting, planning, contents),
    after: [...new Set(late.flatMap(({ from, to }) => from === partition.name ? to : []))],
  }));
  const idle = {
    kind: "disk",
    file: artifactName(imageFile(spec.file, spec.compression), planning),
    compression: spec.compression,
    arch: planning.arch,
    table: spec.table,
    diskId: planning.uuid("disk"),
    partitions,
  } as const;
  const boot = planBoot(spec, idle, planning, contents);
  return { ...idle, ...(boot === undefined ? {} : { boot }) };
}

function planBoot(
  spec: DiskSpec,
  idle: Omit<DiskPlan, "boot">,
  { system }: OutputPlanning,
  contents: Contents,
): BootPlan | undefined {
  const { loaders, flavour, initramfs, cmdline } = spec;
  const { partitions } = idle;
  const volume = partitions[bootNumber(partitions)];
  if (loaders.length === 0 || volume === undefined) return undefined;
  if (initramfs === undefined) {
    return { loaders: ["systemd-boot"], partition: volume.name, cmdline: "", title: system };
  }
  const root = partitions.find(({ content }) => foldersOf(content, undefined).includes(""));
  const words = root && !/(^| )root=/.test(cmdline)
    ? contents.kindOf(root.content).rootWords?.(root.content, root.name) ?? ""
    : "";
  const known = knownValues(idle, contents);
  return {
    loaders,
    partition: volume.name,
    kernel: `${KERNEL}${flavour}`,
    initramfs,
    cmdline: fillIn(
      `${words} ${cmdline}`.trim(),
      ({ of, value }) => known.get(of)?.[value],
    ),
    title: system,
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
  { name, type, content, flags, ...rest }: PartitionSpec,
  table: DiskSpec["table"],
  isStarting: boolean,
  { arch, uuid }: OutputPlanning,
  contents: Contents,
): Omit<PartitionPlan, "after"> {
  const { tree } = content;
  const own = (what: string) => uuid(FIRST_NAMES[`${name} ${what}`] ?? `${name} ${what}`, tree);
  const found = typeIn(table, type, arch)!;
  const planning = { name, isEsp: isEsp(found), uuid: own };
  return {
    ...rest,
    name,
    type: found,
    guid: own("partition"),
    flags: PARTITION_FLAGS.filter((f) => flags.includes(f) || f === "boot" && isStarting),
    content: {
      ...contents.kindOf(content).plan(content, planning),
      ...(tree === undefined ? {} : { tree }),
    },
  };
}
