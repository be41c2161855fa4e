import type { FieldPath } from "../../../lib/errors.ts";
import type { AnyContent, Room } from "./content.ts";
import type { PartitionType } from "./partition_type.ts";
import type { DiskSpec } from "./spec.ts";

/** A partition as a manifest has it. */
export interface PartitionSpec extends Room {
  readonly name: string;
  readonly type: PartitionType;
  readonly content: AnyContent;
}

/** The partitions of a disk: `boot` and `root` are a FAT one with the tree's /boot, and the rest. */
export function partitionsOf({ boot, root, loaders }: DiskSpec): readonly PartitionSpec[] {
  // The Raspberry Pi's first stage knows FAT by its type only; UEFI firmware looks into it too.
  const isEsp = loaders.includes("systemd-boot") && !loaders.includes("raspberrypi");
  const { label: bootLabel, ...bootRoom } = boot;
  const { label: rootLabel, ...rootRoom } = root;
  const fat = { kind: "fat", label: bootLabel, folder: "boot" };
  const ext4 = { kind: "ext4", label: rootLabel, folder: "" };
  return [
    { ...bootRoom, name: "boot", type: isEsp ? "esp" : "boot", content: fat },
    { ...rootRoom, name: "root", type: "root", content: ext4 },
  ];
}

/** A field of a partition as the manifest has it: `["partitions", 0, "size"]` is `["boot", "size"]`. */
export function fieldInSpec(_spec: DiskSpec, field: FieldPath): FieldPath {
  const [list, place, ...rest] = field;
  if (list !== "partitions") return field;
  return [place === 0 ? "boot" : "root", ...rest[0] === "content" ? rest.slice(1) : rest];
}
