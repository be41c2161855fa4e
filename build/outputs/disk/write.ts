import { sinkAt } from "../../../lib/bytes/bytes.ts";
import { fieldOf, TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { ArtifactSink, WriteContext } from "../output.ts";
import { type BootVolume, bootVolume, NO_CODE } from "./boot_volume.ts";
import type { AnyContent } from "./content.ts";
import type { Contents } from "./contents.ts";
import { type DiskLayout, placePartitions } from "./place.ts";
import type { DiskPlan, PartitionPlan } from "./plan.ts";
import { writeTable } from "./table.ts";
import { partOf } from "./trees.ts";

/**
 * A disk image: a partition table and partitions with their contents.
 *
 * @throws {TowerError} `no-space` when a partition of fixed size is too small, `not-found` for a
 * kernel, an initramfs or a boot loader that the tree does not have, `unsupported` for what a
 * file system cannot hold. Nothing is written then.
 */
export function writeDisk(
  tree: FileTree,
  plan: DiskPlan,
  sink: ArtifactSink,
  { reader, epoch, reporter }: Omit<WriteContext, "sink">,
  kinds: Contents,
): void {
  const { partitions } = plan;
  const folders = partitions.flatMap(({ content }) => content.folder ?? []);
  const treeOf = ({ folder }: AnyContent) => partOf(tree, folder!, folders);
  const volume = volumeOf(tree, plan, reader);
  const contents = partitions.map((partition, i) =>
    inPartition(partition, i, () =>
      kinds.kindOf(partition.content).layOut(partition.content, {
        ...{ room: partition, epoch, treeOf },
        boot: partition.name === plan.boot?.partition ? volume : undefined,
      }))
  );
  const unplaced = partitions.map(({ name, align }, i) => ({
    ...{ name, align, size: contents[i]!.size },
  }));
  const layout = placePartitions(plan.table, unplaced);

  const total = contents.reduce((sum, { bytes }) => sum + bytes, 0);
  const id = `disk ${plan.file}`;
  reporter.report({ type: "step", id, title: "Writing partitions", total, unit: "bytes" });
  sink.setSize(layout.size);
  writeTable(plan, layout, contents, volume?.bootCode ?? { mbr: NO_CODE, gpt: NO_CODE }, sink);
  let before = 0;
  for (const [i, content] of contents.entries()) {
    const { firstSector } = layout.placements[i]!;
    const base = firstSector * SECTOR;
    content.write(sinkAt(sink, base), {
      reader,
      firstSector,
      onProgress: (done) => reporter.report({ type: "progress", id, done: before + done, total }),
    });
    before += content.bytes;
    for (const [offset, length] of content.used) sink.requireZeros?.(base + offset, length);
  }
  reporter.report({ type: "done", id, note: summary(plan, layout) });
}

function volumeOf(
  tree: FileTree,
  { partitions, boot, arch }: DiskPlan,
  reader: WriteContext["reader"],
): BootVolume | undefined {
  if (boot === undefined) return undefined;
  const volume = partitions.find(({ name }) => name === boot.partition)!;
  return bootVolume(tree, boot, { folder: volume.content.folder!, arch, reader });
}

/** Says which partition an error is about, and which of its fields. */
function inPartition<T>({ name, size }: PartitionPlan, number: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const { code, hint } = cause;
    const isRoom = code === "no-space" || code === "limit";
    const field = isRoom ? [size === undefined ? "free" : "size"] : ["content"];
    throw new TowerError(code, `Cannot make partition "${name}"`, {
      ...(hint === undefined ? {} : { hint }),
      cause,
      at: ["partitions", number, ...field, ...fieldOf(cause) ?? []],
    });
  }
}

function summary({ partitions }: DiskPlan, { placements }: DiskLayout): string {
  return partitions.map(({ name }, i) =>
    `${name} ${Math.ceil(placements[i]!.sectors * SECTOR / 2 ** 20)} MiB`
  ).join(", ");
}
