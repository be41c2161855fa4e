import { z } from "zod";
import { forArches } from "../../../lib/schema/arches.ts";
import { ofTree } from "../../../lib/schema/of_tree.ts";
import { byteSize, line, serviceName, treePath } from "../../../lib/schema/scalars.ts";
import { LOADERS } from "./boot_volume.ts";
import { ext4Label } from "./contents/ext4.ts";
import { fatLabel } from "./contents/fat.ts";
import { artifactFile } from "../artifact_file.ts";

/** Block of ext4; a sector of FAT goes into it. */
const BLOCK = 4096;
const room = {
  free: byteSize.optional().describe("Free space left beyond the content."),
  size: byteSize.refine(
    (bytes) => bytes > 0 && bytes % BLOCK === 0,
    "must be a multiple of 4KiB and more than 0B",
  ).optional()
    .describe("Exact size instead of content plus free space."),
};
const oneSize = (v: { free?: number | undefined; size?: number | undefined }) =>
  (v.free === undefined) !== (v.size === undefined);
const ONE_SIZE = { message: 'needs one of "free" and "size"' };

/** What a manifest says of a disk. */
export const diskSpec = z.strictObject({
  kind: z.literal("disk"),
  ...forArches,
  ...ofTree,
  file: artifactFile,
  table: z.enum(["mbr", "gpt"]),
  boot: z.strictObject({ label: fatLabel.default("BOOT"), ...room }).refine(oneSize, ONE_SIZE)
    .describe("FAT partition that holds the tree's /boot."),
  root: z.strictObject({ label: ext4Label.default("root"), ...room }).refine(oneSize, ONE_SIZE)
    .describe("ext4 partition that holds the rest."),
  loaders: z.array(z.enum(LOADERS)).min(1).describe(
    "Boot loaders, taken from the tree: syslinux for BIOS, systemd-boot (or gummiboot, as which " +
      "it began) for UEFI, raspberrypi " +
      "for the firmware of Raspberry Pis (table mbr; /boot keeps 8MiB free at least).",
  ),
  flavour: serviceName.describe("Kernel flavour to boot."),
  initramfs: treePath.describe("Path of the initramfs in the tree, below /boot."),
  cmdline: line.max(1900, "must have at most 1900 characters: a kernel reads 2047 bytes").default(
    "",
  )
    .describe("Kernel command line; root= is added."),
  compression: z.enum(["none", "gzip", "zstd", "xz"]).default("none").describe(
    "Adds .gz, .zst or .xz to the file's name; xz needs the program of that name.",
  ),
}).refine((disk) => disk.table === "mbr" || !disk.loaders.includes("raspberrypi"), {
  path: ["table"],
  message: "must be mbr for the loader raspberrypi",
}).describe("A whole disk: partition table, boot loaders, FAT boot, ext4 root.");

export type DiskSpec = z.infer<typeof diskSpec>;
