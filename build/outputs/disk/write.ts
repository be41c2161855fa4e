import { sinkAt } from "../../../lib/bytes/bytes.ts";
import { atField, fieldOf, TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import type { RecordedPartition } from "../../../lib/release/recorded_partition.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { ArtifactSink, Medium, WriteContext } from "../output.ts";
import { type BootVolume, bootVolume, NO_CODE } from "./boot_volume.ts";
import type { LaidOut, LayOutContext } from "./content.ts";
import type { Contents } from "./contents.ts";
import { knownValues } from "./known_values.ts";
import { writingOrder } from "./order.ts";
import { byteText } from "./partition_type.ts";
import { type DiskLayout, placePartitions } from "./place.ts";
import type { DiskPlan, PartitionPlan } from "./plan.ts";
import { writeTable } from "./table.ts";
import { emptyTree, foldersOf, partOf } from "./trees.ts";
import { type FillIn, fillIn, type Values } from "./values.ts";

/** What a disk is written with. */
export type DiskContext = Pick<WriteContext, "reader" | "epoch" | "reporter" | "breathe" | "tree">;

/**
 * A disk image: a partition table and partitions with their contents.
 *
 * @returns what the disk is like, as a record tells it
 * @throws {TowerError} `no-space` when a partition of fixed size is too small, `limit` for one beyond
 * what its table reaches, `not-found` for a file, a folder or a boot loader that the tree does not
 * have, `unsupported` for what a file system cannot hold. Nothing is written then.
 */
export async function writeDisk(
  tree: FileTree,
  plan: DiskPlan,
  sink: ArtifactSink,
  context: DiskContext,
  kinds: Contents,
): Promise<Medium> {
  const { boot, partitions, table } = plan;
  const values = new Map(knownValues(plan, kinds));
  const fillLate = stopGaps(plan, values, kinds);
  const volume = volumeOf(tree, plan, context, fillLate);
  const contents = await layOut(tree, plan, context, { kinds, volume, fillIn: fillLate });
  const layout = placePartitions(
    table,
    partitions.map(({ name, align }, i) => ({ name, align, size: contents[i]!.size })),
  );
  const order = writingOrder(partitions);

  sink.setSize(layout.size);
  const bootCode = volume?.bootCode ?? { mbr: NO_CODE, gpt: NO_CODE };
  writeTable(plan, layout, contents, bootCode, sink);
  const fill: FillIn = (text) =>
    fillIn(text, ({ partition, value }) => values.get(partition)?.[value]);
  await writeContents(plan, contents, layout, order, {
    ...{ sink, context, fill },
    learn: (name, news) => void values.set(name, { ...values.get(name), ...news }),
  });
  return {
    loaders: boot?.loaders ?? [],
    ...(boot === undefined ? {} : { commandLine: fill(boot.cmdline) }),
    partitions: partitions.map((partition, i) => recorded(partition, contents[i]!, layout, i)),
  };
}

function recorded(
  { name, type, content: { kind, tree, folder } }: PartitionPlan,
  { mbrType }: LaidOut,
  { placements }: DiskLayout,
  number: number,
): RecordedPartition {
  const { firstSector, sectors } = placements[number]!;
  const byte = type === "content" ? mbrType : type;
  return {
    name,
    type: typeof byte === "number" ? byteText(byte) : byte,
    offset: firstSector * SECTOR,
    size: sectors * SECTOR,
    content: kind,
    ...(tree === undefined ? {} : { tree }),
    ...(folder === undefined ? {} : { folder: `/${folder}` }),
  };
}

/** Fills in values as a plan knows them, and as many zeros as those have that it does not know. */
function stopGaps(
  { partitions }: DiskPlan,
  known: ReadonlyMap<string, Values>,
  kinds: Contents,
): FillIn {
  return (text) =>
    fillIn(text, ({ partition, value }) => {
      const content = partitions.find(({ name }) => name === partition)?.content;
      const length = content && kinds.kindOf(content).values?.[value];
      return typeof length === "number" ? "0".repeat(length) : known.get(partition)?.[value];
    });
}

function volumeOf(
  tree: FileTree,
  { partitions, boot, arch }: DiskPlan,
  { reader }: DiskContext,
  fillIn: FillIn,
): BootVolume | undefined {
  if (boot === undefined) return undefined;
  const volume = partitions.find(({ name }) => name === boot.partition)!;
  return bootVolume(tree, boot, { folder: volume.content.folder!, arch, reader, fillIn });
}

async function layOut(
  tree: FileTree,
  { partitions, boot }: DiskPlan,
  { epoch, breathe, tree: anotherTree }: DiskContext,
  { kinds, volume, fillIn }: {
    readonly kinds: Contents;
    readonly volume: BootVolume | undefined;
    readonly fillIn: FillIn;
  },
): Promise<readonly LaidOut[]> {
  const fileIn = (tree: FileTree): LayOutContext["fileAt"] => (path) => {
    const content = tree.file(path)?.content;
    if (content !== undefined) return content;
    throw new TowerError("not-found", `Cannot take "/${path}": no such file is in the tree`);
  };
  const laidOut: LaidOut[] = [];
  for (const [i, partition] of partitions.entries()) {
    const { content, name } = partition;
    const whole = content.tree === undefined ? tree : anotherTree(content.tree);
    const folders = partitions.flatMap((other) => foldersOf(other.content, content.tree));
    await breathe();
    laidOut.push(inPartition(partition, i, () =>
      kinds.kindOf(content).layOut(content, {
        ...{ room: partition, epoch, fileAt: fileIn(whole), fillIn },
        treeOf: ({ folder }) =>
          folder === undefined
            ? emptyTree(epoch)
            : atField(["folder"], () => partOf(whole, folder, folders)),
        boot: name === boot?.partition ? volume : undefined,
      })));
  }
  await breathe();
  return laidOut;
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

async function writeContents(
  { file, partitions }: DiskPlan,
  contents: readonly LaidOut[],
  { placements }: DiskLayout,
  order: readonly number[],
  { sink, context: { reader, reporter, breathe }, fill, learn }: {
    readonly sink: ArtifactSink;
    readonly context: DiskContext;
    readonly fill: FillIn;
    readonly learn: (name: string, values: Values) => void;
  },
): Promise<void> {
  const id = `disk ${file}`;
  const total = contents.reduce((sum, { bytes }) => sum + bytes, 0);
  reporter.report({ type: "step", id, title: "Writing partitions", total, unit: "bytes" });
  let before = 0;
  for (const i of order) {
    const content = contents[i]!;
    const { firstSector } = placements[i]!;
    const base = firstSector * SECTOR;
    const values = await content.write(sinkAt(sink, base), {
      ...{ reader, firstSector, fillIn: fill },
      onProgress(done) {
        reporter.report({ type: "progress", id, done: before + done, total });
        return breathe();
      },
    });
    if (values) learn(partitions[i]!.name, values);
    before += content.bytes;
    for (const [offset, length] of content.used) sink.requireZeros?.(base + offset, length);
  }
  const mib = (sectors: number) => `${Math.ceil(sectors * SECTOR / 2 ** 20)} MiB`;
  const sizes = partitions.map(({ name }, i) => `${name} ${mib(placements[i]!.sectors)}`);
  reporter.report({ type: "done", id, note: sizes.join(", ") });
}
