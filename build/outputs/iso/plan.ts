import { z } from "zod";
import type { Arch } from "../../../lib/brand.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";
import { artifactName } from "../../../lib/release/artifact_name.ts";
import { type Compression, imageFile } from "../../../lib/release/file_names.ts";
import { forArches } from "../../../lib/schema/arches.ts";
import { commandLineOfTree } from "../../../lib/schema/command_line.ts";
import { ofTree } from "../../../lib/schema/of_tree.ts";
import { serviceName, treePath } from "../../../lib/schema/scalars.ts";
import { artifactFile } from "../artifact_file.ts";
import type { OutputPlanning } from "../output.ts";

/** What may start a medium. */
const LOADERS = ["isolinux", "systemd-boot"] as const;

/** What a manifest says of a medium. */
export const isoSpec = z.strictObject({
  kind: z.literal("iso"),
  ...forArches,
  ...ofTree,
  file: artifactFile,
  paths: z.array(treePath).min(1).optional().describe(
    "What of the tree the medium holds, with what is below; all of it by default. Kernel and initramfs must " +
      "be in it; boot loaders come from the whole tree.",
  ),
  label: z.string().regex(/^[A-Z0-9_-]{1,32}$/, "must be 1 to 32 of A-Z, 0-9, _ and -").describe(
    "What the medium is known by: root=LABEL= of it is added to the command line.",
  ),
  loaders: z.array(z.enum(LOADERS)).min(1).describe(
    "Boot loaders, taken from the tree: isolinux for BIOS (of the package syslinux), systemd-boot (or " +
      "gummiboot) for UEFI.",
  ),
  flavour: serviceName.describe("Kernel flavour to boot."),
  initramfs: treePath.describe("Path of the initramfs in the tree."),
  cmdline: commandLineOfTree.default("").describe(
    "Kernel command line; root= is added. {roothash:/PATH} is the root hash of a hash device that a stage " +
      "verity made at PATH.",
  ),
  compression: z.enum(["none", "gzip", "zstd", "xz"]).default("none").describe(
    "Adds .gz, .zst or .xz to the file's name; xz needs the program of that name.",
  ),
}).describe(
  "The tree as an ISO 9660 medium with Rock Ridge, which starts as a CD and, written to a stick, as " +
    "a disk.",
);

/** What fixes a medium beside its tree. Pure JSON. */
export interface IsoPlan {
  readonly kind: "iso";
  /** Name of the artifact, with the suffix of its compression. */
  readonly file: string;
  readonly compression: Compression | "none";
  readonly arch: Arch;
  /** What of the tree the medium holds; all of it where there are none. */
  readonly paths?: readonly string[];
  readonly label: string;
  /** GUIDs of the partition table. */
  readonly diskId: Uuid;
  readonly isoPartition: Uuid;
  readonly espPartition: Uuid;
  /** 32 bits: what Linux shows as the EFI system partition's UUID `XXXX-XXXX`. */
  readonly espVolumeId: number;
  /** What starts the kernel: `isolinux` from a BIOS, `systemd-boot` from UEFI firmware. */
  readonly loaders: readonly (typeof LOADERS)[number][];
  /** Paths in the tree. */
  readonly kernel: string;
  readonly initramfs: string;
  /** Whole but for root hashes of the tree: `root=LABEL=` of the medium is in it. */
  readonly cmdline: string;
  /** What a boot menu shows. */
  readonly title: string;
}

/** Names and numbers of a medium, from its fields. */
export function planMedium(spec: z.infer<typeof isoSpec>, planning: OutputPlanning): IsoPlan {
  const { uuid } = planning;
  return {
    kind: "iso",
    file: artifactName(imageFile(spec.file, spec.compression), planning),
    compression: spec.compression,
    arch: planning.arch,
    ...(spec.paths === undefined ? {} : { paths: spec.paths }),
    label: spec.label,
    diskId: uuid("disk"),
    isoPartition: uuid("ISO 9660 partition"),
    espPartition: uuid("EFI system partition"),
    espVolumeId: parseInt(uuid("EFI system volume").slice(0, 8), 16),
    loaders: spec.loaders,
    kernel: `boot/vmlinuz-${spec.flavour}`,
    initramfs: spec.initramfs,
    cmdline: `root=LABEL=${spec.label} rootfstype=iso9660 ${spec.cmdline}`.trim(),
    title: planning.system,
  };
}
