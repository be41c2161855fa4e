import { z } from "zod";
import { forArches } from "../../../lib/schema/arches.ts";
import { ofTree } from "../../../lib/schema/of_tree.ts";
import { commandLine } from "../../../lib/schema/command_line.ts";
import { byteSize, serviceName, treePath } from "../../../lib/schema/scalars.ts";
import { artifactFile } from "../artifact_file.ts";
import { LOADERS } from "./boot_volume.ts";
import type { Contents } from "./contents.ts";
import { ext4Label } from "./contents/ext4.ts";
import { fatLabel } from "./contents/fat.ts";
import { isPartitionType } from "./partition_type.ts";

/** Block of ext4; a sector of FAT goes into it. */
const BLOCK = 4096;
const LARGEST_ALIGNMENT = 1 << 30;

const room = {
  free: byteSize.optional().describe("Free space left beyond the content: this or size is needed."),
  size: byteSize.refine(
    (bytes) => bytes > 0 && bytes % BLOCK === 0,
    "must be a multiple of 4KiB and more than 0B",
  ).optional()
    .describe(
      "Exact size instead of content plus free space; a multiple of 4KiB, of fat less than 2TiB, of ext4 at most 8TiB.",
    ),
};

/** As room, of any content: some have a size of their own. */
const partitionRoom = {
  free: room.free.describe(
    "Free space left beyond the content: this or size is needed, but for raw, which has its own, and " +
      "empty, which needs size.",
  ),
  size: room.size,
};

const oneSize = (v: { free?: number | undefined; size?: number | undefined }) =>
  (v.free === undefined) !== (v.size === undefined);
const ONE_SIZE = { message: 'needs one of "free" and "size"' };

/** What may be said of a partition beside its type; in an MBR `boot` alone. */
export const PARTITION_FLAGS = ["boot", "required", "read-only", "no-auto", "grow"] as const;

const TYPE =
  "must be esp, boot, root, data, linux or swap, a GUID for a GPT, or a byte in quotes " +
  'for an MBR, such as "0x0c"';

const partition = (contents: Contents) =>
  z.strictObject({
    name: z.string().regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,35}$/,
      "must be 1 to 36 letters, digits, _, ., + and -, as a GPT has room for",
    ).describe("Its name, in a GPT as well."),
    type: z.string(TYPE).refine(isPartitionType, { error: TYPE, abort: true }).describe(
      "What it is for: esp (EFI system partition), boot (a /boot that is none), root (of the " +
        "architecture), data (of any system), linux (data of Linux), swap, the GUID of a GPT's type, " +
        'or the byte of an MBR\'s in quotes ("0x0c").',
    ),
    content: contents.spec.describe("What is in a partition, by its `kind`."),
    ...partitionRoom,
    align: byteSize.refine(
      (bytes) => bytes >= BLOCK && bytes <= LARGEST_ALIGNMENT && Number.isInteger(Math.log2(bytes)),
      "must be a power of two from 4KiB to 1GiB",
    ).prefault("1MiB").describe("It starts at a multiple of this."),
    flags: z.array(z.enum(PARTITION_FLAGS)).default([]).describe(
      "boot: boot code of a BIOS starts it; in a GPT also required: firmware and tools leave it " +
        "alone, read-only, no-auto: systems do not mount it by themselves, grow: they let its file " +
        "system fill it.",
    ),
  });

/** What may stand in a text for values of partitions. */
function placeholderText({ values }: Contents): string {
  const own = [...values].map(([value, kinds]) =>
    `{${value}:NAME} for its ${value} (${kinds.join(", ")})`
  );
  return ["{partuuid:NAME} stands for the PARTUUID of the partition NAME", ...own].join(", ") + ".";
}

/** The fields of a disk; `checks.ts` says how they go together. */
export const diskFields = (contents: Contents) =>
  z.strictObject({
    kind: z.literal("disk"),
    ...forArches,
    ...ofTree,
    file: artifactFile,
    table: z.enum(["mbr", "gpt"]).describe(
      "An MBR has up to 4 partitions in 2TiB, a GPT up to 128.",
    ),
    partitions: z.array(partition(contents)).min(1).optional().describe(
      "Partitions in their order on the disk.",
    ),
    boot: z.strictObject({ label: fatLabel.default("BOOT"), ...room }).refine(oneSize, ONE_SIZE)
      .optional().describe(
        "With root, instead of partitions: a FAT partition that holds the tree's /boot.",
      ),
    root: z.strictObject({ label: ext4Label.default("root"), ...room }).refine(oneSize, ONE_SIZE)
      .optional().describe(
        "With boot: an ext4 partition that holds the rest.",
      ),
    loaders: z.array(z.enum(LOADERS)).default([]).describe(
      "Boot loaders, taken from the tree: syslinux for BIOS, systemd-boot (or gummiboot, as which " +
        "it began) for UEFI, raspberrypi " +
        "for the firmware of Raspberry Pis (table mbr; /boot keeps 8MiB free at least). They are " +
        "on the FAT partition that holds the kernel.",
    ),
    flavour: serviceName.optional().describe(
      "Kernel flavour to boot; loaders need it. systemd-boot alone does without it, without initramfs and " +
        "cmdline: it then starts the newest of the unified kernel images in /boot/EFI/Linux, or, where " +
        "/boot/EFI/tower/a.efi is, that of slot A, whose starts it counts (docs/slots.md).",
    ),
    initramfs: treePath.optional().describe(
      "Path of the initramfs in the tree, below /boot; loaders need it.",
    ),
    cmdline: commandLine.default("")
      .describe(
        "Kernel command line; root= of the partition that holds / is added where it has none. " +
          placeholderText(contents),
      ),
    compression: z.enum(["none", "gzip", "zstd", "xz"]).default("none").describe(
      "Adds .gz, .zst or .xz to the file's name; xz needs the program of that name.",
    ),
  }).describe("A whole disk: partition table, partitions with their contents, boot loaders.");

export type DiskSpec = z.infer<ReturnType<typeof diskFields>>;
/** A partition as a manifest has it. */
export type PartitionSpec = z.infer<ReturnType<typeof partition>>;
