import { type BootEntry, checkBootEntry } from "../../../lib/boot/boot_entry.ts";
import {
  checkRaspberryPi,
  RASPBERRY_PI_VOLUME,
  raspberryPiFiles,
} from "../../../lib/boot/raspberry_pi.ts";
import { countingLoader, SLOT_A_PROGRAM, slotBootFiles } from "../../../lib/boot/slot_entries.ts";
import {
  findSyslinux,
  installSyslinux,
  LDLINUX_PATH,
  type Syslinux,
  syslinuxFiles,
} from "../../../lib/boot/syslinux.ts";
import {
  enrolsKeys,
  fallbackProgram,
  findSystemdBoot,
  systemdBootFiles,
  UNIFIED_FOLDER,
  unifiedBootFiles,
} from "../../../lib/boot/systemd_boot.ts";
import type { Arch } from "../../../lib/brand.ts";
import type { ByteSink } from "../../../lib/bytes/bytes.ts";
import { atField, TowerError } from "../../../lib/errors.ts";
import type { FatType } from "../../../lib/format/fat/geometry.ts";
import type { FatLayout } from "../../../lib/format/fat/layout.ts";
import type { Content, ContentReader } from "../../../lib/tree/entry.ts";
import { childOf, type FileTree } from "../../../lib/tree/file_tree.ts";
import { pathIn } from "../../../lib/tree/tree_view.ts";
import type { FillIn } from "./values.ts";

/** What may start a disk. */
export const LOADERS = ["syslinux", "systemd-boot", "raspberrypi"] as const;
/**
 * What starts the kernel: `syslinux` from a BIOS, `systemd-boot` from UEFI firmware, `raspberrypi`
 * from the Raspberry Pi's own.
 */
export type Loader = (typeof LOADERS)[number];

/** How a disk starts. */
export type BootPlan = EntryBoot | UnifiedBoot;

interface AnyBoot {
  /** At least one. */
  readonly loaders: readonly Loader[];
  /** Name of the FAT partition from which they start. */
  readonly partition: string;
  /** What a boot menu shows. */
  readonly title: string;
}

/** By unified kernel images alone, which stages put below the partition's EFI/Linux, or that of slot A. */
export interface UnifiedBoot extends AnyBoot {
  readonly loaders: readonly ["systemd-boot"];
  readonly kernel?: undefined;
  /** Each has its own. */
  readonly cmdline: "";
}

/** By an entry that the loaders have for kernel and initramfs, which the partition holds. */
export interface EntryBoot extends AnyBoot {
  /** Path in the tree. */
  readonly kernel: string;
  readonly initramfs: string;
  /** With references to values that are known only once a partition is written. */
  readonly cmdline: string;
}

/** What boot loaders make of the FAT file system that they start from. */
export interface BootVolume {
  /** Files to add, by their path on the volume. */
  readonly files: (fillIn: FillIn) => ReadonlyMap<string, Content>;
  /** Bytes that stay free at least. */
  readonly freeBytes: number;
  readonly sectorsPerCluster: number;
  readonly minimumType: FatType;
  /** Paths of files that get the attributes read-only, hidden and system. */
  readonly systemFiles: ReadonlySet<string>;
  /** Makes a volume that was written with this layout bootable. */
  readonly install: (layout: FatLayout, sink: ByteSink) => void;
  /** Boot code for the first sector of the disk, by the table behind it; empty without a BIOS. */
  readonly bootCode: Readonly<Record<"mbr" | "gpt", Uint8Array>>;
}

/** Of a disk that no BIOS starts. */
export const NO_CODE = new Uint8Array();

/** What loaders are found by. */
interface BootContext {
  /** What the boot partition holds of the tree. */
  readonly folder: string;
  readonly arch: Arch;
  readonly reader: ContentReader;
  /** With as many characters as values have that are not known yet. */
  readonly fillIn: FillIn;
}

/**
 * Finds the loaders of a plan in the tree.
 *
 * @throws {TowerError} `not-found` for a kernel, an initramfs or a loader that the tree does not
 * have, `usage` for a command line that no loader can be told, `unsupported` for a loader of
 * another architecture
 */
export function bootVolume(tree: FileTree, plan: BootPlan, context: BootContext): BootVolume {
  return plan.kernel === undefined
    ? unifiedVolume(tree, plan, context)
    : entryVolume(tree, plan, context);
}

/** What UEFI firmware starts of a folder's volume that no plan has loaders for: its path there, if it is. */
export function broughtLoader(tree: FileTree, folder: string, arch: Arch): string[] {
  const path = fallbackProgram(arch);
  return tree.file(childOf(folder, path)) === undefined ? [] : [path];
}

/** A volume whose loader starts the unified kernel images that are there, or that of slot A where it is. */
function unifiedVolume(
  tree: FileTree,
  { title }: UnifiedBoot,
  { folder, arch }: BootContext,
): BootVolume {
  const enrols = enrolsKeys(tree);
  const files = atField(["loaders", 0], () => {
    if (tree.file(childOf(folder, SLOT_A_PROGRAM)) !== undefined) {
      return slotBootFiles(countingLoader(tree, arch), arch, { title, enrols });
    }
    requireUnifiedKernel(tree, folder);
    return unifiedBootFiles(findSystemdBoot(tree, arch), arch, enrols);
  });
  return {
    files: () => files,
    freeBytes: 0,
    sectorsPerCluster: 1,
    minimumType: "fat32",
    systemFiles: new Set(),
    install() {},
    bootCode: { mbr: NO_CODE, gpt: NO_CODE },
  };
}

function requireUnifiedKernel(tree: FileTree, folder: string): void {
  const path = childOf(folder, UNIFIED_FOLDER);
  const names = [...tree.children(path)];
  if (names.some((entry) => entry.type === "file" && entry.path.endsWith(".efi"))) return;
  throw new TowerError(
    "not-found",
    `Cannot start anything: there is no unified kernel image in "/${path}"`,
    {
      hint: `a stage "uki" makes one, or that of a slot, "/${childOf(folder, SLOT_A_PROGRAM)}"; ` +
        'or name a kernel by "flavour" and "initramfs"',
    },
  );
}

function entryVolume(
  tree: FileTree,
  plan: EntryBoot,
  { folder, arch, reader, fillIn }: BootContext,
): BootVolume {
  const entry = bootEntryOf(tree, plan, folder);
  const entryWith = (fill: FillIn) => ({ ...entry, commandLine: fill(plan.cmdline) });
  atField(["cmdline"], () => checkBootEntry(entryWith(fillIn)));
  const has = (loader: Loader) => plan.loaders.includes(loader);
  const forLoader = <T>(loader: Loader, work: () => T): T | undefined =>
    has(loader) ? atField(["loaders", plan.loaders.indexOf(loader)], work) : undefined;
  forLoader("raspberrypi", () => checkRaspberryPi(tree));
  const bios = forLoader("syslinux", () => syslinuxFor(arch, tree, reader));
  const uefi = forLoader("systemd-boot", () => findSystemdBoot(tree, arch));
  const isPi = has("raspberrypi");
  return {
    files: (fill) =>
      new Map([
        ...(isPi ? raspberryPiFiles(tree, arch, entryWith(fill)) : []),
        ...(bios ? syslinuxFiles(bios, entryWith(fill)) : []),
        ...(uefi ? systemdBootFiles(uefi, arch, entryWith(fill), enrolsKeys(tree)) : []),
      ]),
    freeBytes: isPi ? RASPBERRY_PI_VOLUME.free : 0,
    sectorsPerCluster: isPi ? RASPBERRY_PI_VOLUME.sectorsPerCluster : 1,
    minimumType: uefi || isPi ? "fat32" : "fat16",
    systemFiles: new Set([LDLINUX_PATH]),
    install: (layout, sink) => bios && installSyslinux(layout, bios.parts, sink),
    bootCode: { mbr: bios?.mbrCode ?? NO_CODE, gpt: bios?.gptCode ?? NO_CODE },
  };
}

function syslinuxFor(arch: Arch, tree: FileTree, reader: ContentReader): Syslinux {
  if (arch === "x86_64") return findSyslinux(tree, reader);
  throw new TowerError(
    "unsupported",
    `Cannot install a BIOS boot loader for "${arch}": only x86_64 has a BIOS`,
  );
}

/** The entry as the boot volume sees it. */
function bootEntryOf(
  tree: FileTree,
  plan: EntryBoot,
  folder: string,
): Omit<BootEntry, "commandLine"> {
  const onVolume = (path: string, what: string, field: string): string => {
    const short = pathIn(folder, path);
    if (short !== undefined && tree.get(path)?.type === "file") return short;
    const cause = short === undefined
      ? `it is not below "/${folder}"`
      : "no such file is in the tree";
    throw new TowerError("not-found", `Cannot boot the ${what} "/${path}": ${cause}`, {
      at: [field],
    });
  };
  return {
    title: plan.title,
    kernel: onVolume(plan.kernel, "kernel", "flavour"),
    initramfs: onVolume(plan.initramfs, "initramfs", "initramfs"),
  };
}
