import type { Uuid } from "../../../lib/format/uuid.ts";
import type { AnyContent } from "./content.ts";
import type { Contents } from "./contents.ts";
import type { Values } from "./values.ts";

/** As much of a plan as says what its partitions are called. */
interface Named {
  readonly table: "mbr" | "gpt";
  readonly diskId: Uuid;
  readonly partitions: readonly {
    readonly name: string;
    readonly guid: Uuid;
    readonly content: AnyContent;
  }[];
}

/** The values of partitions that a plan fixes already, by the partition's name. */
export function knownValues(
  { table, diskId, partitions }: Named,
  contents: Contents,
): ReadonlyMap<string, Values> {
  return new Map(partitions.map(({ name, guid, content }, i) => {
    // Linux makes one for an MBR of the disk's signature and the partition's number.
    const place = (i + 1).toString(16).padStart(2, "0");
    const partuuid = table === "gpt" ? guid : `${diskId.slice(0, 8)}-${place}`;
    return [name, { partuuid, ...contents.kindOf(content).known?.(content) }];
  }));
}
