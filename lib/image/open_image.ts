import { type ByteSource, sourceAt } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { compressionIn } from "../archive/unpack_archive.ts";
import { isGpt } from "../format/gpt_reader.ts";
import { sourceOf } from "../tree/content.ts";
import type { Step } from "./address.ts";
import { findPartition, listed, type PartitionTable, readPartitions } from "./partition_table.ts";
import { readVolume, type Volume, volumeFormat, type VolumePorts } from "./volume.ts";

/** An image that is compressed more often than that is made to be. */
const MOST_COMPRESSIONS = 3;

/** What an address leads to. */
export type ImagePlace =
  | { readonly kind: "disk"; readonly table: PartitionTable; readonly source: ByteSource }
  | { readonly kind: "volume"; readonly volume: Volume };

/**
 * Opens what lies in an image: decompressed where it is, a disk by its partitions, everything by its
 * bytes and nothing by its name.
 *
 * @throws {TowerError} `not-found` for a partition or a file that is not there; `malformed`,
 * `unsupported`, `limit` as the readers do
 */
export async function openImage(
  image: ByteSource,
  steps: readonly Step[],
  ports: VolumePorts,
): Promise<ImagePlace> {
  let source = await plainSource(image, ports);
  for (const step of steps) {
    const inner = step.kind === "partition"
      ? partitionOf(source, step.name, ports)
      : await fileOf(source, step.path, ports);
    source = await plainSource(inner, ports);
  }
  const table = isDisk(source) ? tableOf(source, ports) : undefined;
  if (table !== undefined) return { kind: "disk", table, source };
  return { kind: "volume", volume: await readVolume(source, ports) };
}

/** The volume at a place. @throws {TowerError} `usage` for a disk, with its partitions */
export function volumeAt(place: ImagePlace, asked: string): Volume {
  if (place.kind === "volume") return place.volume;
  throw new TowerError("usage", `Cannot read files of "${asked}": it is a disk with partitions`, {
    hint: `name one of them, such as "${asked}:${place.table.partitions[0]?.number ?? 1}": ` +
      listed(place.table.partitions),
  });
}

/** A hybrid medium has a table beside its volume; who wants that names a partition. */
function isDisk(source: ByteSource): boolean {
  const format = volumeFormat(source);
  return format === undefined || (format !== "iso9660" && isGpt(source));
}

async function plainSource(source: ByteSource, ports: VolumePorts): Promise<ByteSource> {
  let plain = source;
  for (let i = 0; i < MOST_COMPRESSIONS; i++) {
    const compression = compressionIn(plain);
    if (compression === undefined) return plain;
    plain = await ports.unpack(plain, compression);
  }
  return plain;
}

function tableOf(disk: ByteSource, { warn }: VolumePorts): PartitionTable | undefined {
  const table = readPartitions(disk);
  if (table?.damage !== undefined) warn(`${table.damage}; its copy at the disk's end is read`);
  return table;
}

function partitionOf(disk: ByteSource, name: string, ports: VolumePorts): ByteSource {
  const table = tableOf(disk, ports);
  if (table === undefined) {
    throw new TowerError(
      "not-found",
      `Cannot find partition "${name}": there is no table of them`,
      {
        hint: "what has no partitions is named without one",
      },
    );
  }
  const { start, size } = findPartition(table, name);
  return sourceAt(disk, start, size);
}

async function fileOf(source: ByteSource, path: string, ports: VolumePorts): Promise<ByteSource> {
  const { tree, contents } = await readVolume(source, ports);
  const file = tree.file(path);
  if (file !== undefined) return sourceOf(contents, file.content);
  throw new TowerError("not-found", `Cannot open "${path}" in the image: it is no file there`);
}
