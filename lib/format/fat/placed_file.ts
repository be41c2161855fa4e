import { TowerError } from "../../errors.ts";
import { type ByteSink, type ByteSource, concat, readExactly } from "../../bytes/bytes.ts";
import { SECTOR } from "./geometry.ts";
import { entriesOf, sameName, slotsIn } from "./inject.ts";
import { clusterSector } from "./layout.ts";
import { chainOf, clusterSectors, type FatVolume, readVolume, rootSectors } from "./volume.ts";

/** A file of a volume, and where its bytes lie. */
export interface PlacedFile {
  readonly bytes: Uint8Array;
  /** Offset of each cluster, in the order of the file; the last one may be used in part. */
  readonly clusters: readonly number[];
  readonly clusterSize: number;
}

/**
 * Finds a file by its path (`loader/entries/a.conf`) in a FAT volume, or undefined where there is
 * none.
 *
 * @throws {TowerError} `malformed` for a volume or file that contradicts itself; `limit` for more
 * than `limit` bytes.
 */
export function placedFile(
  volume: ByteSource,
  path: string,
  limit: number,
): PlacedFile | undefined {
  const fat = readVolume(volume);
  const parts = path.split("/");
  const name = parts.pop()!;
  let sectors = rootSectors(fat);
  for (const part of parts) {
    const folder = entriesOf(slotsIn(volume, sectors)).find((e) => sameName(e, part));
    if (!folder?.isDirectory) return undefined;
    sectors = chainOf(fat, folder.cluster).flatMap((c) => clusterSectors(fat.geometry, c));
  }
  const entry = entriesOf(slotsIn(volume, sectors)).find((e) => sameName(e, name));
  if (!entry || entry.isDirectory) return undefined;
  const { bytes } = entry.slots.at(-1)!;
  // §6: the size stands in the last four bytes of the entry.
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(28, true);
  if (size > limit) {
    throw new TowerError("limit", `Cannot read "${path}": it has more than ${limit} bytes`);
  }
  return readClusters(volume, fat, { path, first: entry.cluster, size });
}

function readClusters(
  volume: ByteSource,
  fat: FatVolume,
  { path, first, size }: { readonly path: string; readonly first: number; readonly size: number },
): PlacedFile {
  const clusterSize = fat.geometry.sectorsPerCluster * SECTOR;
  const chain = size === 0 ? [] : chainOf(fat, first).slice(0, Math.ceil(size / clusterSize));
  if (chain.length * clusterSize < size) {
    throw new TowerError("malformed", `Cannot read "${path}": its chain is shorter than its size`);
  }
  const clusters = chain.map((cluster) => clusterSector(fat.geometry, cluster) * SECTOR);
  const parts = clusters.map((offset) => readExactly(volume, offset, clusterSize));
  return { bytes: concat(parts).subarray(0, size), clusters, clusterSize };
}

/** Writes other bytes over those of a file, as many as it has: no table or directory changes. */
export function overwriteFile(
  volume: ByteSink,
  { bytes: old, clusters, clusterSize }: PlacedFile,
  bytes: Uint8Array,
): void {
  if (bytes.length !== old.length) {
    throw new RangeError(`The file has ${old.length} bytes, and would get ${bytes.length}`);
  }
  clusters.forEach((offset, i) =>
    volume.writeAt(offset, bytes.subarray(i * clusterSize, (i + 1) * clusterSize))
  );
}
