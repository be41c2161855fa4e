import type { FieldPath } from "../../../lib/errors.ts";
import { bootNumber } from "./boot_number.ts";
import type { Contents } from "./contents.ts";
import { partitionsOf } from "./short_form.ts";
import type { DiskSpec, PartitionSpec } from "./spec.ts";
import { type Reference, referencesIn } from "./values.ts";

/** A reference of a partition to a value of another, and the field that it stands in. */
export interface Need {
  /** Name of the partition that holds the text. */
  readonly from: string;
  /** Name of the one whose value it is. */
  readonly to: string;
  readonly at: FieldPath;
  readonly reference: Reference;
  /** Characters of a value known only once `to` is written, or how else it is known. */
  readonly value: number | "planned" | "absent";
}

/** All references in texts of a disk: of contents, and of the command line, which is with the loaders. */
export function needsOf(spec: DiskSpec, contents: Contents): readonly Need[] {
  const partitions = partitionsOf(spec);
  const boot = partitions[bootNumber(partitions)];
  const inText = (from: PartitionSpec, at: FieldPath, text: string): Need[] =>
    referencesIn(text).map((reference) => ({
      ...{ from: from.name, to: reference.partition, at, reference },
      value: valueIn(partitions, reference, contents),
    }));
  return [
    ...partitions.flatMap((partition, i) =>
      (contents.kindOf(partition.content).texts?.(partition.content) ?? []).flatMap(
        ([field, text]) => inText(partition, ["partitions", i, "content", ...field], text),
      )
    ),
    ...boot && spec.loaders.length > 0 ? inText(boot, ["cmdline"], spec.cmdline) : [],
  ];
}

function valueIn(
  partitions: readonly PartitionSpec[],
  { value, partition }: Reference,
  contents: Contents,
): Need["value"] {
  const found = partitions.find(({ name }) => name === partition);
  if (found === undefined) return "absent";
  if (value === "partuuid") return "planned";
  const { values = {} } = contents.kindOf(found.content);
  return Object.hasOwn(values, value) ? values[value]! : "absent";
}
