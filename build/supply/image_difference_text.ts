import { printable } from "../../lib/errors.ts";
import { type Partition, typeName } from "../../lib/image/partition_table.ts";
import type { ImageDifference, VolumeDifference } from "./compare_images.ts";
import { changes, section } from "./difference_text.ts";

/** What two images differ in, as lines for people: `+` came, `-` went, `~` changed. */
export function formatImageDifference({ isSame, partitions, volumes }: ImageDifference): string {
  const parts = [
    ...(partitions === null
      ? []
      : [section("partitions", partitions, partitionText, bothPartitions)]),
    ...volumes.flatMap(volumeTexts),
  ].filter((part) => part !== "");
  if (isSame) parts.push("no differences");
  return printable(parts.join("\n")) + "\n";
}

function volumeTexts({ partition, formats, files, hasOtherBytes }: VolumeDifference): string[] {
  const of = partition === null ? "" : `partition ${partition}, `;
  const { before, after } = formats;
  return [
    ...(before === after
      ? []
      : [`${of}format: ${before ?? "none known"} -> ${after ?? "none known"}`]),
    section(`${of}files`, files, ({ path }) => `/${path}`, changes),
    ...(hasOtherBytes ? [`${of}bytes: others`] : []),
  ];
}

function partitionText(partition: Partition): string {
  const { number, name, size } = partition;
  return `${number}${name === "" ? "" : ` "${name}"`} ${typeName(partition)} ${size} bytes`;
}

function bothPartitions(before: Partition, after: Partition): string {
  return `${partitionText(before)} -> ${partitionText(after)}`;
}
