import { CONTENTS, disk } from "../../../build/outputs/disk.ts";
import type { DiskPlan } from "../../../build/outputs/disk/plan.ts";
import { type DiskContext, writeDisk } from "../../../build/outputs/disk/write.ts";
import type { ArtifactSink, Medium } from "../../../build/outputs/output.ts";
import type { Arch } from "../../../lib/brand.ts";
import { blockEncoderHere } from "../../../lib/disk/block_order.ts";
import { type BlockCompressor, compressHere } from "../../../lib/format/block_compressor.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";

/** A disk with both loaders of a PC, as a manifest has it. */
const FIELDS = {
  kind: "disk",
  file: "disk.img",
  table: "gpt",
  boot: { free: "1MiB" },
  root: { free: "4MiB" },
  loaders: ["syslinux", "systemd-boot"],
  flavour: "virt",
  initramfs: "/boot/initramfs-virt",
  cmdline: "console=ttyS0",
};

/** As a build makes it, of a tree's name in place of its id. */
const uuidOf = (name: string, tree = "root") => uuidFrom(`${tree} ${name}`);

/** All in this thread. */
export function blockCompressor(packing: BlockPacking): BlockCompressor {
  return compressHere(blockEncoderHere(packing));
}

/** The plan of a disk that a manifest describes by these fields, beside usual ones. */
export function diskPlan(fields: object = {}, arch: Arch = "x86_64"): DiskPlan {
  const planning = { system: "tower", version: undefined, epoch: 0, arch, uuid: uuidOf };
  return disk.plan(disk.spec.parse({ ...FIELDS, ...fields }), planning);
}

/**
 * Writes the image of a plan; what a record tells of it.
 * @param others trees beside the disk's own, by name
 */
export function writeImage(
  tree: FileTree,
  plan: DiskPlan,
  sink: ArtifactSink,
  context: Omit<DiskContext, "tree" | "blockCompressor">,
  others: Readonly<Record<string, FileTree>> = {},
): Promise<Medium> {
  const own = { blockCompressor, tree: (name: string) => others[name]! };
  return writeDisk(tree, plan, sink, { ...context, ...own }, CONTENTS);
}
