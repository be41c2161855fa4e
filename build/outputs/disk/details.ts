import { formatBytes } from "../../../lib/report/quantity.ts";
import { table } from "../../../lib/report/table.ts";
import type { Contents } from "./contents.ts";
import { typeText } from "./partition_type.ts";
import { PARTITION_ALIGNMENT } from "./place.ts";
import type { DiskPlan, PartitionPlan } from "./plan.ts";

/** The partitions of a disk as people read them, a line for each below a head. */
export function partitionLines(
  { partitions, arch }: DiskPlan,
  contents: Contents,
): readonly string[] {
  const rows = partitions.map((partition, i) => [
    String(i + 1),
    partition.name,
    typeText(partition.type, arch),
    contentText(partition, contents),
    roomText(partition),
    restText(partition),
  ]);
  const head = ["", "name", "type", "content", "size", ""];
  return table(head, rows).trimEnd().split("\n").map((line) => line.trimEnd());
}

function contentText({ content }: PartitionPlan, contents: Contents): string {
  const text = contents.kindOf(content).line(content);
  return content.tree === undefined ? text : `${text} of tree ${content.tree}`;
}

function roomText({ size, free }: PartitionPlan): string {
  if (size !== undefined) return formatBytes(size);
  return free === undefined ? "of its content" : `${formatBytes(free)} free`;
}

function restText({ flags, align, after }: PartitionPlan): string {
  return [
    ...flags,
    ...align === PARTITION_ALIGNMENT ? [] : [`aligned to ${formatBytes(align)}`],
    ...after.length === 0 ? [] : [`written after ${after.join(" and ")}`],
  ].join(", ");
}
