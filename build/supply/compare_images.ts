import { createHash } from "node:crypto";
import type { Breathe } from "../../lib/breathe.ts";
import { type ByteSource, sourceAt } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { ImagePlace } from "../../lib/image/open_image.ts";
import type { Partition, PartitionTable } from "../../lib/image/partition_table.ts";
import {
  readVolume,
  type Volume,
  type VolumeFormat,
  volumeFormat,
  type VolumePorts,
} from "../../lib/image/volume.ts";
import { piecesOf } from "../../lib/tree/content.ts";
import {
  type Content,
  type ContentReader,
  type Entry,
  type FileEntry,
  sizeOf,
} from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { type Difference, differenceOf, isSame } from "./difference.ts";
import { type ComparedEntry, comparedEntry } from "./tree_listing.ts";

const CHUNK = 1 << 20;

/** What two volumes differ in; times and the order of names are no difference. */
export interface VolumeDifference {
  /** Of a disk: the number of the partition; null for what has none. */
  readonly partition: number | null;
  /** Null for what is not read here, which is compared byte by byte. */
  readonly formats: { readonly before: VolumeFormat | null; readonly after: VolumeFormat | null };
  readonly files: Difference<ComparedEntry>;
  /** Of bytes that are no volume. */
  readonly hasOtherBytes: boolean;
}

/** What two images differ in. Plain JSON. */
export interface ImageDifference {
  readonly isSame: boolean;
  /** Null where the images have no partitions. */
  readonly partitions: Difference<Partition> | null;
  readonly volumes: readonly VolumeDifference[];
}

/** An image to compare, and what it is read with. */
export interface ComparedImage {
  readonly place: ImagePlace;
  readonly ports: VolumePorts;
}

/**
 * Compares two images by what they hold.
 * @throws {TowerError} `usage` for a disk and a volume; as their readers do
 */
export async function compareImages(
  before: ComparedImage,
  after: ComparedImage,
): Promise<ImageDifference> {
  const [a, b] = [before.place, after.place];
  if (a.kind === "volume" && b.kind === "volume") {
    const volume = await compareVolumes(null, a.volume, b.volume, before.ports.breathe);
    return { isSame: isSameVolume(volume), partitions: null, volumes: [volume] };
  }
  if (a.kind === "volume" || b.kind === "volume") {
    const message = "Cannot compare the images: one of them has partitions, the other has none";
    throw new TowerError("usage", message, { hint: "name a partition of the one: IMAGE:2" });
  }
  const partitions = differenceOf(byNumber(a.table), byNumber(b.table), isEqual);
  const volumes: VolumeDifference[] = [];
  for (const partition of a.table.partitions) {
    const other = b.table.partitions.find(({ number }) => number === partition.number);
    if (other === undefined) continue;
    volumes.push(
      await comparePartitions(
        { bytes: bytesOf(a.source, partition), ...before },
        { bytes: bytesOf(b.source, other), ...after },
        partition.number,
      ),
    );
  }
  return {
    isSame: isSame(partitions) && volumes.every(isSameVolume),
    partitions,
    volumes,
  };
}

/** Without its place: what a partition holds may have moved. */
function isEqual(a: Partition, b: Partition): boolean {
  return canonicalJson({ ...a, start: 0 }) === canonicalJson({ ...b, start: 0 });
}

function byNumber({ partitions }: PartitionTable): Map<string, Partition> {
  return new Map(partitions.map((partition) => [`${partition.number}`.padStart(4), partition]));
}

function bytesOf(disk: ByteSource, { start, size }: Partition): ByteSource {
  return sourceAt(disk, start, size);
}

interface PartitionBytes {
  readonly bytes: ByteSource;
  readonly ports: VolumePorts;
}

async function comparePartitions(
  before: PartitionBytes,
  after: PartitionBytes,
  partition: number,
): Promise<VolumeDifference> {
  const formats = {
    before: volumeFormat(before.bytes) ?? null,
    after: volumeFormat(after.bytes) ?? null,
  };
  if (formats.before !== null && formats.after !== null) {
    const [a, b] = [
      await readVolume(before.bytes, before.ports),
      await readVolume(after.bytes, after.ports),
    ];
    return await compareVolumes(partition, a, b, before.ports.breathe);
  }
  const { breathe } = before.ports;
  const hasOtherBytes = before.bytes.size !== after.bytes.size ||
    await digestOf(pieces(before.bytes), breathe) !== await digestOf(pieces(after.bytes), breathe);
  return { partition, formats, files: { added: [], removed: [], changed: [] }, hasOtherBytes };
}

async function compareVolumes(
  partition: number | null,
  before: Volume,
  after: Volume,
  breathe: Breathe,
): Promise<VolumeDifference> {
  const [old, now] = [new Map<string, ComparedEntry>(), new Map<string, ComparedEntry>()];
  for (const entry of before.tree.walk()) {
    const a = unlinked(before.tree, entry);
    const other = after.tree.get(entry.path);
    const b = other && unlinked(after.tree, other);
    // Bytes are looked at only where nothing else tells files apart.
    const isAlike = a.type === "file" && b?.type === "file" &&
      sizeOf(a.content) === sizeOf(b.content);
    const [from, to] = isAlike
      ? [await hashOf(before, a, breathe), await hashOf(after, b, breathe)]
      : [];
    old.set(entry.path, comparedEntry(a, from));
    if (b !== undefined) now.set(entry.path, comparedEntry(b, to));
    await breathe();
  }
  for (const entry of after.tree.walk()) {
    if (!now.has(entry.path)) now.set(entry.path, comparedEntry(unlinked(after.tree, entry)));
    await breathe();
  }
  const same = (a: ComparedEntry, b: ComparedEntry) => canonicalJson(a) === canonicalJson(b);
  const formats = { before: before.format, after: after.format };
  return { partition, formats, files: differenceOf(old, now, same), hasOtherBytes: false };
}

/** Another name of a file as that file: which name is the first is each writer's own. */
function unlinked(tree: FileTree, entry: Entry): Entry {
  if (entry.type !== "hardlink") return entry;
  return { ...tree.get(entry.target) as FileEntry, path: entry.path };
}

async function hashOf(
  { contents }: { readonly contents: ContentReader },
  { content }: { readonly content: Content },
  breathe: Breathe,
): Promise<string> {
  return await digestOf(piecesOf(contents, content, new Uint8Array(CHUNK)), breathe);
}

function* pieces(source: ByteSource): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK);
  for (let at = 0, n; (n = source.readAt(at, chunk)) > 0; at += n) yield chunk.subarray(0, n);
}

async function digestOf(pieces: Iterable<Uint8Array>, breathe: Breathe): Promise<string> {
  const hash = createHash("sha256");
  for (const piece of pieces) {
    hash.update(piece);
    await breathe();
  }
  return hash.digest("hex");
}

function isSameVolume({ files, hasOtherBytes }: VolumeDifference): boolean {
  return isSame(files) && !hasOtherBytes;
}
