import type { Env } from "../../lib/env.ts";
import { sourceAt } from "../../lib/bytes/bytes.ts";
import { printable } from "../../lib/errors.ts";
import { pathIn } from "../../lib/image/path_in.ts";
import { volumeAt } from "../../lib/image/open_image.ts";
import { type Partition, typeName } from "../../lib/image/partition_table.ts";
import { volumeFormat } from "../../lib/image/volume.ts";
import { entryJson, entryLine } from "./entry_text.ts";
import { openNamedImage } from "./opened_image.ts";

/** What is asked of `show-tree` for an image. */
export interface ShownImage {
  readonly image: string;
  readonly partition: string | undefined;
  /** Of which folder or file; undefined for all. */
  readonly path: string | undefined;
  readonly json: boolean;
}

/** Lists what an image holds: the partitions of a disk, or the entries of a volume. */
export async function showImage(
  { image, partition, path, json }: ShownImage,
  env: Env,
): Promise<void> {
  using opened = await openNamedImage(image, partition, env);
  const { place, ports } = opened;
  const write = (text: string) => env.stdout.write(`${text}\n`);
  if (place.kind === "disk" && path === undefined) {
    for (const partition of place.table.partitions) {
      const { start, size } = partition;
      const format = volumeFormat(sourceAt(place.source, start, size)) ?? null;
      write(json ? JSON.stringify({ ...partition, format }) : partitionLine(partition, format));
    }
    return;
  }
  const { tree } = volumeAt(place, image);
  for (const entry of tree.walk(pathIn(tree, path ?? "", image))) {
    write(json ? JSON.stringify(entryJson(entry)) : entryLine(entry));
    await ports.breathe();
  }
}

function partitionLine(partition: Partition, format: string | null): string {
  const { number, name, start, size } = partition;
  const named = name === "" ? "" : ` ${name}`;
  return printable(`${number} ${typeName(partition)} ${start} ${size} ${format ?? "-"}${named}`);
}
