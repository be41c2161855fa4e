import type { FieldPath } from "../../../lib/errors.ts";
import { type Reference, referencesIn } from "../../../lib/schema/references.ts";
import { bootNumber } from "./boot_number.ts";
import type { Contents } from "./contents.ts";
import { partitionsOf } from "./short_form.ts";
import type { DiskSpec, PartitionSpec } from "./spec.ts";

/** What a partition needs of another, and the field that says so. */
export interface Need {
  /** Name of the partition that needs something. */
  readonly from: string;
  /** Name of the one that has it. */
  readonly to: string;
  readonly at: FieldPath;
  /** The reference to a value, or the name where all that `to` holds is needed. */
  readonly text: string;
  /** All that `to` holds, characters of a value known only once that is written, or how else it is known. */
  readonly what: "contents" | number | "planned" | "absent";
}

/** Whether it is there only once the other partition is written. */
export function isLate({ what }: Need): boolean {
  return what === "contents" || typeof what === "number";
}

/**
 * All that partitions of a disk need of one another: what one is made of, and references in texts, of
 * contents and of the command line, which is with the loaders.
 */
export function needsOf(spec: DiskSpec, contents: Contents): readonly Need[] {
  const partitions = partitionsOf(spec);
  const boot = partitions[bootNumber(partitions)];
  const inText = (from: PartitionSpec, at: FieldPath, text: string): Need[] =>
    referencesIn(text).map((reference) => ({
      ...{ from: from.name, to: reference.of, at, text: reference.text },
      what: valueIn(partitions, reference, contents),
    }));
  return [
    ...partitions.flatMap(({ name, content: { of } }, i): Need[] =>
      of === undefined ? [] : [{
        ...{ from: name, to: of, at: ["partitions", i, "content", "of"], text: of },
        what: partitions.some(({ name }) => name === of) ? "contents" : "absent",
      }]
    ),
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
  { value, of }: Reference,
  contents: Contents,
): Need["what"] {
  const found = partitions.find(({ name }) => name === of);
  if (found === undefined) return "absent";
  if (value === "partuuid") return "planned";
  const { values = {} } = contents.kindOf(found.content);
  return Object.hasOwn(values, value) ? values[value]! : "absent";
}
