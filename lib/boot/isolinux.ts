import { TowerError } from "../errors.ts";
import { bytesOf, inlineText } from "../tree/content.ts";
import type { Content, ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import type { BootEntry } from "./boot_entry.ts";
import { syslinuxConfig } from "./syslinux.ts";

/** Where packages put the parts. */
const SHARE = "usr/share/syslinux";
const LARGEST = 1 << 20;
/** Bytes of code that a disk's first sector has room for, before the place that it is told. */
const DISK_CODE = 432;

/** Where ISOLINUX looks for its configuration first, and for its module. */
const FOLDER = "boot/isolinux";
/** Path on the medium of what a BIOS loads. */
export const ISOLINUX_PATH = `${FOLDER}/isolinux.bin`;

/** ISOLINUX as a tree carries it. */
export interface Isolinux {
  readonly loader: Content;
  /** The module that it loads; it must be of the same version. */
  readonly module: Content;
  /** Code for the first sector of a medium that is a disk: starts the loader. */
  readonly diskCode: Uint8Array;
}

/**
 * Takes ISOLINUX out of a tree's packages.
 *
 * @throws {TowerError} `not-found` with the package to add, `malformed` for files that are no
 * loader for a medium that is a CD and a disk.
 */
export function findIsolinux(tree: FileTree, reader: ContentReader): Isolinux {
  const needed = (name: string): Content => {
    const content = tree.file(`${SHARE}/${name}`)?.content;
    if (content) return content;
    throw new TowerError(
      "not-found",
      `Cannot install a BIOS boot loader: "/${SHARE}/${name}" is not in the tree`,
      { hint: "Add [isolinux, syslinux] to the world: Alpine has it in the second" },
    );
  };
  const loader = needed("isolinux.bin");
  const bytes = bytesOf(reader, loader, LARGEST);
  if (!isLoader(bytes)) throw malformed("isolinux.bin", "no loader that a disk can start");
  const diskCode = bytesOf(reader, needed("isohdpfx.bin"), LARGEST);
  if (diskCode.length === 0 || diskCode.length > DISK_CODE) {
    throw malformed("isohdpfx.bin", `not of 1 to ${DISK_CODE} bytes`);
  }
  return { loader, module: needed("ldlinux.c32"), diskCode };
}

/** Upstream's mark of a loader that isohdpfx.bin may jump into (core/isolinux.asm). */
const MARK = [0xfb, 0xc0, 0x78, 0x70];

function isLoader(bytes: Uint8Array): boolean {
  return MARK.every((byte, i) => bytes[64 + i] === byte);
}

function malformed(name: string, cause: string): TowerError {
  return new TowerError(
    "malformed",
    `Cannot install a BIOS boot loader: "/${SHARE}/${name}" is ${cause}`,
  );
}

/** The files that ISOLINUX needs on the medium; paths of the entry are from the medium's root. */
export function isolinuxFiles(isolinux: Isolinux, entry: BootEntry): Map<string, Content> {
  return new Map<string, Content>([
    [ISOLINUX_PATH, isolinux.loader],
    [`${FOLDER}/ldlinux.c32`, isolinux.module],
    [`${FOLDER}/isolinux.cfg`, inlineText(syslinuxConfig(entry))],
  ]);
}
