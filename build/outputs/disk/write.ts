import { sourceAt } from "../../../lib/bytes/bytes.ts";
import { atField, fieldOf, type FieldPath, TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import type { RecordedPartition } from "../../../lib/release/recorded_partition.ts";
import { fillIn } from "../../../lib/schema/references.ts";
import { contentSinkAt } from "../../../lib/tree/content_sink.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { ArtifactSink, Medium, WriteContext } from "../output.ts";
import { type BootVolume, bootVolume, broughtLoader, NO_CODE } from "./boot_volume.ts";
import type { LaidOut, LayOutContext } from "./content.ts";
import type { Contents } from "./contents.ts";
import { knownValues } from "./known_values.ts";
import { writingOrder } from "./order.ts";
import { byteText } from "./partition_type.ts";
import { type DiskLayout, placePartitions } from "./place.ts";
import type { DiskPlan, PartitionPlan } from "./plan.ts";
import { writeTable } from "./table.ts";
import { emptyTree, foldersOf, partOf } from "./trees.ts";
import type { FillIn, Values } from "./values.ts";

/** What a disk is written with. */
export type DiskContext = Pick<
  WriteContext,
  "reader" | "epoch" | "reporter" | "breathe" | "tree" | "blockCompressor"
>;

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
  const order = writingOrder(partitions, ({ content }) => kinds.kindOf(content).fitsLate ?? false);
  const contents = await layOut(tree, plan, context, { kinds, volume, fillIn: fillLate, order });
  const layout = placePartitions(
    table,
    partitions.map(({ name, align }, i) => ({ name, align, size: contents[i]!.size })),
  );

  sink.setSize(layout.size);
  const bootCode = volume?.bootCode ?? { mbr: NO_CODE, gpt: NO_CODE };
  writeTable(plan, layout, contents, bootCode, sink);
  const fill: FillIn = (text) => fillIn(text, ({ of, value }) => values.get(of)?.[value]);
  await writeContents(plan, contents, layout, order, {
    ...{ sink, context, fill },
    learn: (name, news) => void values.set(name, { ...values.get(name), ...news }),
  });
  return {
    loaders: boot?.loaders ?? partitions.flatMap(({ content }) => {
      if (!kinds.kindOf(content).startsLoaders || content.folder === undefined) return [];
      const whole = content.tree === undefined ? tree : context.tree(content.tree);
      return broughtLoader(whole, content.folder, plan.arch);
    }),
    ...(boot?.kernel === undefined ? {} : { commandLine: fill(boot.cmdline) }),
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
    fillIn(text, ({ of, value }) => {
      const content = partitions.find(({ name }) => name === of)?.content;
      const length = content && kinds.kindOf(content).values?.[value];
      return typeof length === "number" ? "0".repeat(length) : known.get(of)?.[value];
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
  { kinds, volume, fillIn, order }: {
    readonly kinds: Contents;
    readonly volume: BootVolume | undefined;
    readonly fillIn: FillIn;
    readonly order: readonly number[];
  },
): Promise<readonly LaidOut[]> {
  const fileIn = (tree: FileTree): LayOutContext["fileAt"] => (path) => {
    const content = tree.file(path)?.content;
    if (content !== undefined) return content;
    throw new TowerError("not-found", `Cannot take "/${path}": no such file is in the tree`);
  };
  const laidOut: LaidOut[] = [];
  for (const i of order) {
    const partition = partitions[i]!;
    const { content, name } = partition;
    const whole = content.tree === undefined ? tree : anotherTree(content.tree);
    const folders = partitions.flatMap((other) => foldersOf(other.content, content.tree));
    await breathe();
    laidOut[i] = inPartition(partition, i, () =>
      kinds.kindOf(content).layOut(content, {
        ...{ room: partition, epoch, fileAt: fileIn(whole), fillIn },
        treeOf: ({ folder }) =>
          folder === undefined
            ? emptyTree(epoch)
            : atField(["folder"], () => partOf(whole, folder, folders)),
        sizeOf: ({ of }) => laidOut[partitionNumber(partitions, of)]!.size,
        boot: name === boot?.partition ? volume : undefined,
      }));
  }
  await breathe();
  return laidOut;
}

function partitionNumber(partitions: readonly PartitionPlan[], wanted: string): number {
  return partitions.findIndex(({ name }) => name === wanted);
}

/** Says which partition an error of its layout is about, and which of its fields. */
function inPartition<T>(partition: PartitionPlan, number: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const isRoom = cause.code === "no-space" || cause.code === "limit";
    const field = isRoom ? [partition.size === undefined ? "free" : "size"] : ["content"];
    throw partitionError(partition, number, cause, [...field, ...fieldOf(cause) ?? []]);
  }
}

/** The same of its writing, where what is at fault is not the medium but a field. */
async function whileWriting<T>(
  partition: PartitionPlan,
  number: number,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const field = cause instanceof TowerError ? fieldOf(cause) : undefined;
    throw field ? partitionError(partition, number, cause as TowerError, field) : cause;
  }
}

function partitionError(
  { name }: PartitionPlan,
  number: number,
  cause: TowerError,
  field: FieldPath,
): TowerError {
  const { code, hint } = cause;
  return new TowerError(code, `Cannot make partition "${name}"`, {
    ...(hint === undefined ? {} : { hint }),
    ...{ cause, at: ["partitions", number, ...field] },
  });
}

async function writeContents(
  { file, partitions }: DiskPlan,
  contents: readonly LaidOut[],
  { placements }: DiskLayout,
  order: readonly number[],
  { sink, context: { reader, reporter, breathe, blockCompressor }, fill, learn }: {
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
  const placeOf = (partition: string): [offset: number, size: number] => {
    const { firstSector, sectors } = placements[partitionNumber(partitions, partition)]!;
    return [firstSector * SECTOR, sectors * SECTOR];
  };
  for (const i of order) {
    const content = contents[i]!;
    const { firstSector } = placements[i]!;
    const base = firstSector * SECTOR;
    const tell = (done: number) =>
      reporter.report({ type: "progress", id, done: before + done, total });
    const partition = partitions[i]!;
    const values = await whileWriting(partition, i, () =>
      content.write(contentSinkAt(sink, base), {
        ...{ reader, firstSector, fillIn: fill, blockCompressor, tell },
        dataOf: ({ of }) => sourceAt(sink, ...placeOf(of)),
        onProgress(done) {
          tell(done);
          return breathe();
        },
      }));
    if (values) learn(partition.name, values);
    before += content.bytes;
    for (const [offset, length] of content.used) sink.requireZeros?.(base + offset, length);
    const { of } = partition.content;
    if (of !== undefined) sink.requireZeros?.(...placeOf(of));
  }
  const mib = (sectors: number) => `${Math.ceil(sectors * SECTOR / 2 ** 20)} MiB`;
  const sizes = partitions.map(({ name }, i) => `${name} ${mib(placements[i]!.sectors)}`);
  reporter.report({ type: "done", id, note: sizes.join(", ") });
}
