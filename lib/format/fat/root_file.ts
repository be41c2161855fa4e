import { TowerError } from "../../errors.ts";
import { type ByteSource, concat, readExactly } from "../bytes.ts";
import { SECTOR } from "./geometry.ts";
import { entriesOf, readSlots, sameName } from "./inject.ts";
import { clusterSector } from "./layout.ts";
import { chainOf, readVolume } from "./volume.ts";

/**
 * The bytes of a file in the root directory of a FAT volume, or undefined where there is none of
 * that name.
 *
 * @throws {TowerError} `malformed` for a volume or file that contradicts itself; `limit` for more
 * than `limit` bytes.
 */
export function readRootFile(
  volume: ByteSource,
  name: string,
  limit: number,
): Uint8Array | undefined {
  const fat = readVolume(volume);
  const entry = entriesOf(readSlots(volume, fat)).find((e) => sameName(e, name));
  if (!entry || entry.isDirectory) return undefined;
  const { bytes } = entry.slots.at(-1)!;
  // §6: the size stands in the last four bytes of the entry.
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(28, true);
  if (size > limit) {
    throw new TowerError("limit", `Cannot read "${name}": it has more than ${limit} bytes`);
  }
  if (size === 0) return new Uint8Array();
  const clusterSize = fat.geometry.sectorsPerCluster * SECTOR;
  const chain = chainOf(fat, entry.cluster).slice(0, Math.ceil(size / clusterSize));
  if (chain.length * clusterSize < size) {
    throw new TowerError("malformed", `Cannot read "${name}": its chain is shorter than its size`);
  }
  const parts = chain.map((cluster) =>
    readExactly(volume, clusterSector(fat.geometry, cluster) * SECTOR, clusterSize)
  );
  return concat(parts).subarray(0, size);
}
