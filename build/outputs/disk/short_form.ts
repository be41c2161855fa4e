import type { FieldPath } from "../../../lib/errors.ts";
import { PARTITION_ALIGNMENT } from "./place.ts";
import type { DiskSpec, PartitionSpec } from "./spec.ts";

/**
 * The partitions of a disk. `boot` and `root` are short for a FAT one with the tree's /boot and an
 * ext4 one with the rest.
 */
export function partitionsOf(spec: DiskSpec): readonly PartitionSpec[] {
  const { partitions, boot, root, loaders, tree } = spec;
  if (partitions !== undefined) return partitions.map((partition) => ofAnother(partition, tree));
  if (boot === undefined || root === undefined) return [];
  // The Raspberry Pi's first stage knows FAT by its type only; UEFI firmware looks into it too.
  const isEsp = loaders.includes("systemd-boot") && !loaders.includes("raspberrypi");
  const { label: bootLabel, ...bootRoom } = boot;
  const { label: rootLabel, ...rootRoom } = root;
  const rest = { align: PARTITION_ALIGNMENT, flags: [] };
  const fat = { kind: "fat", label: bootLabel, folder: "boot" };
  const ext4 = { kind: "ext4", label: rootLabel, folder: "" };
  return [
    { name: "boot", type: isEsp ? "esp" : "boot", content: fat, ...bootRoom, ...rest },
    { name: "root", type: "root", content: ext4, ...rootRoom, ...rest },
  ];
}

/** A partition that names its tree only where that is another than the disk's. */
function ofAnother(partition: PartitionSpec, disk: string): PartitionSpec {
  const { tree, ...content } = partition.content;
  return tree === undefined || tree !== disk ? partition : { ...partition, content };
}

/** A field of a partition where the manifest has it: `partitions[0].size` may be `boot.size`. */
export function fieldInSpec({ partitions }: DiskSpec, field: FieldPath): FieldPath {
  const [list, place, ...rest] = field;
  if (partitions !== undefined || list !== "partitions" || place === undefined) return field;
  const own = rest[0] === "content" ? rest.slice(1) : rest;
  // Which folder each holds is no field of the short form.
  return [place === 0 ? "boot" : "root", ...own[0] === "folder" ? [] : own];
}
