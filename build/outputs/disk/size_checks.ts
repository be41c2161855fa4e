import type { FieldPath } from "../../../lib/errors.ts";
import type { Contents } from "./contents.ts";
import { MOST_BYTES, PARTITION_ALIGNMENT } from "./place.ts";
import type { DiskSpec, PartitionSpec } from "./spec.ts";

const TIB = 2 ** 40;

/** What no size of a partition can be, whatever is in it: what its format or the table has no numbers for. */
export function* sizeFaults(
  { table }: Pick<DiskSpec, "table">,
  partitions: readonly PartitionSpec[],
  contents: Contents,
): Generator<{ readonly at: FieldPath; readonly message: string }> {
  let before = PARTITION_ALIGNMENT;
  for (const [i, { size, free = 0, content }] of partitions.entries()) {
    const field = size === undefined ? "free" : "size";
    const bytes = size ?? free;
    const most = contents.kindOf(content).mostBytes ?? Infinity;
    const end = before + bytes;
    const message = bytes > most
      ? `must be ${limitText(most)} for ${content.kind}`
      : end > MOST_BYTES[table]
      ? `must end within ${MOST_BYTES[table] / TIB}TiB, with all before it, for the table ${table}`
      : undefined;
    if (message === undefined) before = end;
    else yield { at: ["partitions", i, field], message };
  }
}

function limitText(bytes: number): string {
  return bytes % TIB === 0 ? `at most ${bytes / TIB}TiB` : `less than ${Math.ceil(bytes / TIB)}TiB`;
}
