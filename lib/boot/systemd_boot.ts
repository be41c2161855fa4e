import type { Arch } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { Content } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { type BootEntry, checkBootEntry } from "./boot_entry.ts";

const FOLDER = "usr/lib/systemd/boot/efi";

/** UEFI's short names of architectures: they stand in the names of loader files. */
const EFI_NAME: Record<Arch, string> = { x86_64: "x64", aarch64: "aa64", armv7: "arm" };

/**
 * systemd-boot out of a tree's packages.
 *
 * @throws {TowerError} `not-found` with the package to add.
 */
export function findSystemdBoot(tree: FileTree, arch: Arch): Content {
  const path = `${FOLDER}/systemd-boot${EFI_NAME[arch]}.efi`;
  const content = tree.file(path)?.content;
  if (content) return content;
  throw new TowerError(
    "not-found",
    `Cannot install a UEFI boot loader: "/${path}" is not in the tree`,
    { hint: 'Add the package "systemd-boot" to the system' },
  );
}

/**
 * The files that systemd-boot needs in the EFI system partition. It lies where firmware looks on
 * a disk it has no boot entry for (UEFI, §3.5.1.1), so no variable of the firmware is needed.
 */
export function systemdBootFiles(
  loader: Content,
  arch: Arch,
  entry: BootEntry,
): Map<string, Content> {
  return new Map<string, Content>([
    [`EFI/BOOT/BOOT${EFI_NAME[arch].toUpperCase()}.EFI`, loader],
    ["loader/loader.conf", inlineText("default system.conf\ntimeout 0\n")],
    ["loader/entries/system.conf", inlineText(loaderEntry(entry))],
  ]);
}

/** A type 1 entry (Boot Loader Specification). */
export function loaderEntry(entry: BootEntry): string {
  checkBootEntry(entry);
  return [
    `title ${entry.title}`,
    `linux /${entry.kernel}`,
    `initrd /${entry.initramfs}`,
    `options ${entry.commandLine}`,
    "",
  ].join("\n");
}
