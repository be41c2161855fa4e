import { sinkAt } from "../../../lib/bytes/bytes.ts";
import { atField, TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { ArtifactSink, WriteContext } from "../output.ts";
import { bootVolume } from "./boot_volume.ts";
import type { AnyContent, LaidOut } from "./content.ts";
import { contentOf } from "./contents.ts";
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
): void {
  const { partitions, boot } = plan;
  const folders = partitions.flatMap(({ content }) => content.folder ?? []);
  const treeOf = ({ folder }: AnyContent) => partOf(tree, folder!, folders);
  const { folder } = partitions.find(({ name }) => name === boot.partition)!.content;
  const volume = bootVolume(tree, boot, { folder: folder!, arch: plan.arch, reader });
  const contents = partitions.map((partition, i) =>
    layOut(partition, i, {
      ...{ room: partition, epoch, treeOf },
      boot: partition.name === boot.partition ? volume : undefined,
    })
  );
  const layout = placePartitions(plan.table, contents.map(({ size }) => size));

  const total = contents.reduce((sum, { bytes }) => sum + bytes, 0);
  const id = `disk ${plan.file}`;
  reporter.report({ type: "step", id, title: "Writing partitions", total, unit: "bytes" });
  sink.setSize(layout.size);
  writeTable(plan, layout, contents, volume.bootCode, sink);
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

/** Says which partition an error is about, and the field that it is about. */
function layOut(
  partition: PartitionPlan,
  number: number,
  context: Parameters<ReturnType<typeof contentOf>["layOut"]>[1],
): LaidOut {
  const { name, content, size } = partition;
  try {
    return contentOf(content.kind).layOut(content, context);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    const isRoom = cause.code === "no-space" || cause.code === "limit";
    const field = isRoom ? size === undefined ? "free" : "size" : "content";
    return atField(["partitions", number, field], () => {
      throw new TowerError(cause.code, `Cannot make partition "${name}"`, { ...hint, cause });
    });
  }
}

function summary({ partitions }: DiskPlan, { placements }: DiskLayout): string {
  return partitions.map(({ name }, i) =>
    `${name} ${Math.ceil(placements[i]!.sectors * SECTOR / 2 ** 20)} MiB`
  ).join(", ");
}
