import {
  findSyslinux,
  installSyslinux,
  LDLINUX_PATH,
  type Syslinux,
  syslinuxFiles,
} from "../../lib/boot/syslinux.ts";
import { type BootEntry, checkBootEntry } from "../../lib/boot/boot_entry.ts";
import {
  checkRaspberryPi,
  RASPBERRY_PI_VOLUME,
  raspberryPiFiles,
} from "../../lib/boot/raspberry_pi.ts";
import { findSystemdBoot, systemdBootFiles } from "../../lib/boot/systemd_boot.ts";
import { atField, TowerError } from "../../lib/errors.ts";
import { bmapFile, imageFile } from "../../lib/release/file_names.ts";
import { sinkAt } from "../../lib/bytes/bytes.ts";
import { BLOCK_SIZE } from "../../lib/format/ext4/geometry.ts";
import { type Ext4Layout, planExt4 } from "../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../lib/format/ext4/writer.ts";
import { SECTOR } from "../../lib/format/fat/geometry.ts";
import { clusterSector, type FatLayout, planFat } from "../../lib/format/fat/layout.ts";
import { writeFat } from "../../lib/format/fat/writer.ts";
import { type Content, type ContentReader, sizeOf } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { type DiskPlan, planDisk, type Room } from "./disk_plan.ts";
import { type DiskLayout, layOutDisk, PARTITION_ALIGNMENT, writeTable } from "./disk_table.ts";
import { bootPath, bootTreeOf, rootTreeOf } from "./disk_trees.ts";
import { diskSpec } from "./disk_spec.ts";
import { type ArtifactSink, outputKind, type OutputWriter, type WriteContext } from "./output.ts";

const write: OutputWriter<DiskPlan> = (tree, plan, context) => {
  const { file: name, compression, cmdline: commandLine, loaders } = plan;
  return context.sink.file(
    { name, mediaType: "application/vnd.efi.img", compression, medium: { commandLine, loaders } },
    (image) => writeDisk(tree, plan, image, context),
  );
};

/**
 * A disk image: a partition table, a FAT partition with the tree's /boot and its boot loaders,
 * and an ext4 partition with the rest.
 *
 * @throws {TowerError} `no-space` when a partition of fixed size is too small, `not-found` for a
 * kernel, an initramfs or a boot loader that the tree does not have, `unsupported` for what a
 * file system cannot hold.
 */
export function writeDisk(
  tree: FileTree,
  plan: DiskPlan,
  sink: ArtifactSink,
  { reader, epoch, reporter }: Omit<WriteContext, "sink">,
): void {
  const entry = bootEntryOf(tree, plan);
  const loaders = findLoaders(tree, plan, reader);
  const bootTree = bootTreeOf(tree, loaderFiles(tree, loaders, plan, entry), epoch);
  const rootTree = rootTreeOf(tree);
  const boot = planBoot(bootTree, plan, epoch);
  const root = planRoot(rootTree, plan, epoch);
  const layout = layOutDisk(plan.table, boot.size, root.size);

  const bootBytes = contentBytes(bootTree);
  const total = bootBytes + contentBytes(rootTree);
  const id = `disk ${plan.file}`;
  const progress = (done: number) => reporter.report({ type: "progress", id, done, total });
  reporter.report({ type: "step", id, title: "Writing partitions", total, unit: "bytes" });

  sink.setSize(layout.size);
  writeTable(plan, layout, boot.geometry.type, loaders.bios, sink);
  const bootSink = sinkAt(sink, layout.boot.firstSector * SECTOR);
  writeFat(boot, reader, bootSink, progress);
  if (loaders.bios) installSyslinux(boot, loaders.bios.parts, bootSink);
  const rootSink = sinkAt(sink, layout.root.firstSector * SECTOR);
  writeExt4(root, reader, rootSink, (done) => progress(bootBytes + done));
  if (sink.requireZeros) {
    for (const [offset, length] of usedParts(boot, root, layout)) sink.requireZeros(offset, length);
  }
  reporter.report({ type: "done", id, note: summary(layout) });
}

/** What the two file systems use, written or not: metadata and data, but no free space. */
function* usedParts(
  boot: FatLayout,
  root: Ext4Layout,
  disk: DiskLayout,
): Generator<[offset: number, length: number]> {
  const bootBase = disk.boot.firstSector * SECTOR;
  yield [bootBase, clusterSector(boot.geometry, boot.nextCluster) * SECTOR];
  const rootBase = disk.root.firstSector * SECTOR;
  yield [rootBase, root.endBlock * BLOCK_SIZE];
  for (const { start, count } of root.geometry.fixed) {
    yield [rootBase + start * BLOCK_SIZE, count * BLOCK_SIZE];
  }
}

/** Loaders as found in the tree, where the plan asks for them. */
interface Loaders {
  readonly bios: Syslinux | undefined;
  readonly uefi: Content | undefined;
}

function findLoaders(tree: FileTree, plan: DiskPlan, reader: ContentReader): Loaders {
  const bios = plan.loaders.includes("syslinux");
  if (isRaspberryPi(plan)) forLoader(plan, "raspberrypi", () => checkRaspberryPi(tree));
  if (bios && plan.arch !== "x86_64") {
    throw new TowerError(
      "unsupported",
      `Cannot install a BIOS boot loader for "${plan.arch}": only x86_64 has a BIOS`,
      { at: ["loaders", plan.loaders.indexOf("syslinux")] },
    );
  }
  return {
    bios: bios ? forLoader(plan, "syslinux", () => findSyslinux(tree, reader)) : undefined,
    uefi: hasUefi(plan)
      ? forLoader(plan, "systemd-boot", () => findSystemdBoot(tree, plan.arch))
      : undefined,
  };
}

function loaderFiles(
  tree: FileTree,
  loaders: Loaders,
  plan: DiskPlan,
  entry: BootEntry,
): Map<string, Content> {
  return new Map([
    ...(isRaspberryPi(plan) ? raspberryPiFiles(tree, plan.arch, entry) : []),
    ...(loaders.bios ? syslinuxFiles(loaders.bios, entry) : []),
    ...(loaders.uefi ? systemdBootFiles(loaders.uefi, plan.arch, entry) : []),
  ]);
}

/** The entry as the boot volume sees it. */
function bootEntryOf(tree: FileTree, plan: DiskPlan): BootEntry {
  const onVolume = (path: string, what: string, field: string): string => {
    const short = bootPath(path);
    if (short !== undefined && tree.get(path)?.type === "file") return short;
    const cause = short === undefined ? 'it is not below "/boot"' : "no such file is in the tree";
    throw new TowerError("not-found", `Cannot boot the ${what} "/${path}": ${cause}`, {
      at: [field],
    });
  };
  const found = {
    title: plan.title,
    kernel: onVolume(plan.kernel, "kernel", "flavour"),
    initramfs: onVolume(plan.initramfs, "initramfs", "initramfs"),
    commandLine: plan.cmdline,
  };
  atField(["cmdline"], () => checkBootEntry(found));
  return found;
}

function hasUefi(plan: DiskPlan): boolean {
  return plan.loaders.includes("systemd-boot");
}

function isRaspberryPi(plan: DiskPlan): boolean {
  return plan.loaders.includes("raspberrypi");
}

function planBoot(tree: FileTree, plan: DiskPlan, epoch: number): FatLayout {
  const { freeBytes, ...size } = sizeOptions(plan.boot);
  const needed = isRaspberryPi(plan) ? RASPBERRY_PI_VOLUME.free : 0;
  return inPart("boot", plan.boot, () =>
    planFat(tree, {
      label: plan.boot.label,
      volumeId: plan.boot.volumeId,
      epoch,
      ...size,
      freeBytes: Math.max(freeBytes, needed),
      preferredCluster: isRaspberryPi(plan) ? RASPBERRY_PI_VOLUME.sectorsPerCluster : 1,
      // Firmware may read FAT12 and FAT16 from removable media only (UEFI, §13.3).
      minimumType: hasUefi(plan) || isRaspberryPi(plan) ? "fat32" : "fat16",
      hiddenSectors: PARTITION_ALIGNMENT / SECTOR,
      systemFiles: new Set([LDLINUX_PATH]),
    }));
}

function planRoot(tree: FileTree, plan: DiskPlan, epoch: number): Ext4Layout {
  const { label, uuid, hashSeed } = plan.root;
  return inPart(
    "root",
    plan.root,
    () => planExt4(tree, { label, uuid, hashSeed, epoch, ...sizeOptions(plan.root) }),
  );
}

function sizeOptions({ free, size }: Room): { freeBytes: number; size?: number } {
  return { freeBytes: free ?? 0, ...(size === undefined ? {} : { size }) };
}

/** Says which partition an error is about, and the field of its size. */
function inPart<T>(part: "boot" | "root", room: Room, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    const at = [part, room.size === undefined ? "free" : "size"];
    throw new TowerError(cause.code, `Cannot make the ${part} partition`, { ...hint, cause, at });
  }
}

/** Says which of the loaders an error is about. */
function forLoader<T>(plan: DiskPlan, loader: DiskPlan["loaders"][number], work: () => T): T {
  return atField(["loaders", plan.loaders.indexOf(loader)], work);
}

function contentBytes(tree: FileTree): number {
  let sum = 0;
  for (const entry of tree.walk()) if (entry.type === "file") sum += sizeOf(entry.content);
  return sum;
}

function summary(disk: DiskLayout): string {
  const mib = (sectors: number) => `${Math.ceil(sectors * SECTOR / 2 ** 20)} MiB`;
  return `boot ${mib(disk.boot.sectors)}, root ${mib(disk.root.sectors)}`;
}

export const disk = outputKind({
  spec: diskSpec,
  files: (spec) => [imageFile(spec.file, spec.compression), bmapFile(spec.file)],
  plan: planDisk,
  line: ({ table, loaders, cmdline }) =>
    `disk, ${table.toUpperCase()}, started by ${loaders.join(" and ")}, ${cmdline}`,
  write,
});
