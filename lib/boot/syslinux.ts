import { TowerError } from "../errors.ts";
import type { ByteSink } from "../bytes/bytes.ts";
import { BACKUP_SECTOR, encodeBootSector } from "../format/fat/boot_sector.ts";
import { SECTOR } from "../format/fat/geometry.ts";
import { type FatLayout, sectorsOf } from "../format/fat/layout.ts";
import { bytesOf, inlineText } from "../tree/content.ts";
import type { Content, ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { type BootEntry, checkBootEntry } from "./boot_entry.ts";
import { ldlinuxFile, patchSyslinux } from "./syslinux_patch.ts";
import { extractSyslinux, pairSyslinux, type SyslinuxParts } from "./syslinux_parts.ts";

/** Where the loader's code lies in the root of its volume. */
export const LDLINUX_PATH = "ldlinux.sys";
/** Its configuration, from the root of the boot volume. */
export const SYSLINUX_CONFIG = "syslinux.cfg";

/** Programs that carry the loader: Alpine's and Debian's packages. */
const INSTALLERS = ["usr/bin/syslinux", "sbin/extlinux", "usr/sbin/extlinux", "usr/bin/extlinux"];
const SHARE = "usr/share/syslinux";
const LARGEST_INSTALLER = 16 << 20;
const PACKAGE_HINT = 'Add the package "syslinux" to the system';

/** SYSLINUX as a tree carries it. */
export interface Syslinux {
  readonly parts: SyslinuxParts;
  /** The module that ldlinux.sys loads; it must be of the same version. */
  readonly module: Content;
  /** Boot code for the first sector of a disk: starts the active partition. */
  readonly mbrCode: Uint8Array;
  /** The same for a GPT: starts the partition with the legacy boot attribute. */
  readonly gptCode: Uint8Array;
}

/**
 * Takes SYSLINUX out of a tree's packages; nothing comes from the building machine.
 *
 * @throws {TowerError} `not-found` with the package to add, `malformed` for a file that is not
 * what its name says.
 */
export function findSyslinux(tree: FileTree, reader: ContentReader): Syslinux {
  const file = (path: string) => tree.file(path)?.content;
  const needed = (path: string): Content => {
    const content = file(path);
    if (content) return content;
    throw missing(`/${path}`);
  };
  const small = (path: string) => bytesOf(reader, needed(path), LARGEST_INSTALLER);
  const pair = [file(`${SHARE}/ldlinux.bss`), file(`${SHARE}/ldlinux.sys`)];
  const installer = INSTALLERS.map(file).find((content) => content !== undefined);
  let parts: SyslinuxParts;
  if (pair[0] && pair[1]) {
    parts = pairSyslinux(small(`${SHARE}/ldlinux.bss`), small(`${SHARE}/ldlinux.sys`));
  } else {
    if (!installer) throw missing(`/${INSTALLERS[0]}`);
    parts = extractSyslinux(bytesOf(reader, installer, LARGEST_INSTALLER));
  }
  return {
    parts,
    module: needed(`${SHARE}/ldlinux.c32`),
    mbrCode: small(`${SHARE}/mbr.bin`),
    gptCode: small(`${SHARE}/gptmbr.bin`),
  };
}

function missing(path: string): TowerError {
  const message = `Cannot install a BIOS boot loader: "${path}" is not in the tree`;
  return new TowerError("not-found", message, { hint: PACKAGE_HINT });
}

/**
 * The files that SYSLINUX needs in the root of its FAT volume. `ldlinux.sys` is not yet patched:
 * {@linkcode installSyslinux} does that once it has its place.
 */
export function syslinuxFiles(syslinux: Syslinux, entry: BootEntry): Map<string, Content> {
  return new Map<string, Content>([
    [LDLINUX_PATH, { kind: "inline", bytes: ldlinuxFile(syslinux.parts) }],
    ["ldlinux.c32", syslinux.module],
    [SYSLINUX_CONFIG, inlineText(syslinuxConfig(entry))],
  ]);
}

/**
 * `syslinux.cfg` that starts one entry at once. No key that is held at boot gives a prompt, and one
 * that comes of a missing file takes neither another kernel nor other arguments: `init=/bin/sh` is a
 * shell without a password. The loader speaks on the first serial port when the kernel does.
 */
export function syslinuxConfig(entry: BootEntry): string {
  checkBootEntry(entry);
  const serial = /(?:^| )console=ttyS(\d)(?:,(\d{1,6}))?/.exec(entry.commandLine);
  return [
    ...(serial ? [`SERIAL ${serial[1]} ${serial[2] ?? 115200}`] : []),
    "DEFAULT system",
    "PROMPT 0",
    "NOESCAPE 1",
    "IMPLICIT 0",
    "ALLOWOPTIONS 0",
    "TIMEOUT 0",
    "LABEL system",
    `  MENU LABEL ${entry.title}`,
    `  LINUX /${entry.kernel}`,
    `  INITRD /${entry.initramfs}`,
    `  APPEND ${entry.commandLine}`,
    "",
  ].join("\n");
}

/**
 * Makes a written FAT volume bootable: tells `ldlinux.sys` in its root where it lies and puts the
 * boot sector (and its copy on FAT32) in place.
 *
 * @param sink The volume that `writeFat` wrote with this layout.
 */
export function installSyslinux(layout: FatLayout, parts: SyslinuxParts, sink: ByteSink): void {
  const run = sectorsOf(layout, LDLINUX_PATH);
  if (!run) throw new RangeError(`${LDLINUX_PATH} is not in the volume`);
  const { bootSector, file } = patchSyslinux(parts, run, encodeBootSector(layout));
  sink.writeAt(run.first * SECTOR, file);
  sink.writeAt(0, bootSector);
  if (layout.geometry.type === "fat32") sink.writeAt(BACKUP_SECTOR * SECTOR, bootSector);
}
