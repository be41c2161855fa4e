import { type BootEntry, checkBootEntry } from "../../../lib/boot/boot_entry.ts";
import { withRootHashes } from "../../../lib/boot/root_hashes.ts";
import {
  findIsolinux,
  type Isolinux,
  ISOLINUX_PATH,
  isolinuxFiles,
} from "../../../lib/boot/isolinux.ts";
import { findSystemdBoot, systemdBootFiles } from "../../../lib/boot/systemd_boot.ts";
import { sinkAt } from "../../../lib/bytes/bytes.ts";
import { atField, TowerError } from "../../../lib/errors.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";
import {
  clusterSector,
  type FatLayout,
  planFat,
  sectorsOf,
} from "../../../lib/format/fat/layout.ts";
import { writeFat } from "../../../lib/format/fat/writer.ts";
import { partitionsOf } from "../../../lib/format/iso9660/partition_table.ts";
import { type IsoLayout, planIso } from "../../../lib/format/iso9660/plan.ts";
import { ISO_SECTOR } from "../../../lib/format/iso9660/sector.ts";
import { writeIso } from "../../../lib/format/iso9660/writer.ts";
import {
  type Content,
  type ContentReader,
  type FileEntry,
  sizeOf,
} from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { partOfTree } from "../../../lib/tree/tree_view.ts";
import type { IsoPlan } from "./plan.ts";
import type { ArtifactSink, Medium, WriteContext } from "../output.ts";

const ORIGIN = "stage:boot-loader";

/**
 * A medium: the tree, or what is wanted of it, as an ISO 9660 file system, and an EFI system partition
 * behind it. Kernel and initramfs are stored once: a file of the FAT has its clusters in a row, at whole
 * sectors of the medium, so that a record of the ISO 9660 file system can name the same bytes.
 *
 * @throws {TowerError} `not-found` for a kernel, an initramfs or a boot loader that the tree does
 * not have, `unsupported` for what a file system cannot hold, `conflict` for a file of the tree
 * where a loader needs one.
 */
export async function writeMedium(
  tree: FileTree,
  plan: IsoPlan,
  sink: ArtifactSink,
  { reader, epoch, reporter, breathe }: Pick<
    WriteContext,
    "reader" | "epoch" | "reporter" | "breathe"
  >,
): Promise<Medium> {
  const { paths } = plan;
  const held = paths === undefined ? tree : atField(["paths"], () => partOfTree(tree, paths));
  const entry = bootEntryOf(held, plan, reader);
  const { isolinux, systemdBoot } = findLoaders(tree, plan, reader);
  const whole = isolinux ? withFiles(held, isolinuxFiles(isolinux, entry), epoch) : held;
  const esp = systemdBoot &&
    planEsp(held, plan, systemdBootFiles(systemdBoot, plan.arch, entry, false), epoch);
  const { label, diskId, isoPartition, espPartition } = plan;
  const iso = planIso(whole, {
    label,
    epoch,
    boot: {
      ...(isolinux ? { bios: { loader: ISOLINUX_PATH, diskCode: isolinux.diskCode } } : {}),
      ...(esp ? { esp: { size: esp.size, shared: sharedFiles(esp, plan) } } : {}),
      diskId,
      isoPartition,
      espPartition,
    },
  });

  const id = `iso ${plan.file}`;
  const total = [...iso.files.values()].reduce((sum, { size }) => sum + size, 0);
  const progress = (done: number) => {
    reporter.report({ type: "progress", id, done, total });
    return breathe();
  };
  reporter.report({ type: "step", id, title: "Writing the medium", total, unit: "bytes" });
  sink.setSize(iso.size);
  await writeIso(iso, reader, sink, progress);
  const espSink = sinkAt(sink, iso.filesEnd * ISO_SECTOR);
  if (esp) await writeFat(esp, reader, espSink, breathe);
  if (sink.requireZeros) {
    for (const [offset, length] of usedParts(iso, esp)) sink.requireZeros(offset, length);
  }
  reporter.report({ type: "done", id, note: `${Math.ceil(iso.size / 2 ** 20)} MiB` });
  return {
    loaders: plan.loaders,
    commandLine: entry.commandLine,
    partitions: partitionsOf(iso).map(({ type, name, firstSector, sectors }, i) => ({
      ...{ name, type, offset: firstSector * SECTOR, size: sectors * SECTOR },
      ...(i === 0 ? { content: "iso9660", folder: "/" } : { content: "fat" }),
    })),
  };
}

/** What the two file systems use: all but the free space of the second. */
function* usedParts(iso: IsoLayout, esp: FatLayout | undefined): Generator<[number, number]> {
  const base = iso.filesEnd * ISO_SECTOR;
  yield [0, base];
  if (esp) yield [base, clusterSector(esp.geometry, esp.nextCluster) * SECTOR];
}

function findLoaders(
  tree: FileTree,
  plan: IsoPlan,
  reader: ContentReader,
): { readonly isolinux: Isolinux | undefined; readonly systemdBoot: Content | undefined } {
  const found = <T>(loader: IsoPlan["loaders"][number], find: () => T): T | undefined => {
    const index = plan.loaders.indexOf(loader);
    return index < 0 ? undefined : atField(["loaders", index], find);
  };
  return {
    isolinux: found("isolinux", () => {
      if (plan.arch === "x86_64") return findIsolinux(tree, reader);
      throw new TowerError(
        "unsupported",
        `Cannot install a BIOS boot loader for "${plan.arch}": only x86_64 has a BIOS`,
      );
    }),
    systemdBoot: found("systemd-boot", () => findSystemdBoot(tree, plan.arch)),
  };
}

/** The entry, whose paths are the same on both file systems. */
function bootEntryOf(tree: FileTree, plan: IsoPlan, reader: ContentReader): BootEntry {
  const there = (path: string, what: string, field: string): string => {
    fileOf(tree, path, what, field);
    return path;
  };
  const commandLine = atField(["cmdline"], () => withRootHashes(plan.cmdline, tree, reader));
  const entry = {
    title: plan.title,
    kernel: there(plan.kernel, "kernel", "flavour"),
    initramfs: there(plan.initramfs, "initramfs", "initramfs"),
    commandLine,
  };
  atField(["cmdline"], () => checkBootEntry(entry));
  return entry;
}

function fileOf(tree: FileTree, path: string, what: string, field: string): FileEntry {
  const entry = tree.get(path);
  if (entry?.type === "file" && sizeOf(entry.content) > 0) return entry;
  const cause = entry?.type === "file" ? "it is empty" : "no such file is in the tree";
  throw new TowerError("not-found", `Cannot boot the ${what} "/${path}": ${cause}`, {
    at: [field],
  });
}

/** A tree with files of a boot loader. @throws {TowerError} `conflict` where one is there. */
function withFiles(
  tree: FileTree,
  files: ReadonlyMap<string, Content>,
  epoch: number,
): FileTree {
  const out = tree.clone();
  for (const [path, content] of files) {
    if (out.get(path)) {
      throw new TowerError(
        "conflict",
        `Cannot write the boot loader's "/${path}": the tree has such a file`,
      );
    }
    out.putParents(path, ORIGIN, epoch);
    out.put({
      type: "file",
      path,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: epoch,
      content,
      origin: ORIGIN,
    });
  }
  return out;
}

/** The EFI system partition: the loader, its entry, and what that names. */
function planEsp(
  tree: FileTree,
  plan: IsoPlan,
  loader: ReadonlyMap<string, Content>,
  epoch: number,
): FatLayout {
  const booted = [plan.kernel, plan.initramfs].map((path) =>
    [path, (tree.get(path) as FileEntry).content] as const
  );
  const owned = { mode: 0o755, uid: 0, gid: 0, mtime: epoch, origin: ORIGIN } as const;
  const files = withFiles(new FileTree(owned), new Map([...booted, ...loader]), epoch);
  return planFat(files, {
    label: "EFI",
    volumeId: plan.espVolumeId,
    epoch,
    freeBytes: 0,
    minimumType: "fat12",
    minimumCluster: ISO_SECTOR / SECTOR,
    hiddenSectors: 0,
    systemFiles: new Set(),
  });
}

/** Offsets in the EFI system partition of what the ISO 9660 file system has as well. */
function sharedFiles(esp: FatLayout, { kernel, initramfs }: IsoPlan): Map<string, number> {
  return new Map(
    [kernel, initramfs].map((path) => [path, sectorsOf(esp, path)!.first * SECTOR] as const),
  );
}
