import type { Arch } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { enrolmentPath, KEY_VARIABLES } from "../secure_boot/enrolment.ts";
import { inlineText } from "../tree/content.ts";
import type { Content } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { type BootEntry, checkBootEntry } from "./boot_entry.ts";

/** UEFI's short names of architectures: they stand in the names of loader files. */
export const EFI_NAME: Record<Arch, string> = { x86_64: "x64", aarch64: "aa64", armv7: "arm" };

/** Where packages put systemd-boot in a tree. */
export function systemdBootPath(arch: Arch): string {
  return `usr/lib/systemd/boot/efi/systemd-boot${EFI_NAME[arch]}.efi`;
}

/** The same of gummiboot, which it was called before it was systemd's. */
function gummibootPath(arch: Arch): string {
  return `usr/lib/gummiboot/gummiboot${EFI_NAME[arch]}.efi`;
}

/** Where it looks for unified kernel images, from the root of the boot volume. */
export const UNIFIED_FOLDER = "EFI/Linux";

/** What firmware starts of a disk that it has no boot entry for (UEFI, §3.5.1.1), from the root of the volume. */
export function fallbackProgram(arch: Arch): string {
  return `EFI/BOOT/BOOT${EFI_NAME[arch].toUpperCase()}.EFI`;
}

/** The one entry, from the root of the boot volume. */
export const SYSTEMD_BOOT_ENTRY = "loader/entries/system.conf";

/**
 * systemd-boot, or else gummiboot, out of a tree's packages.
 *
 * @throws {TowerError} `not-found` with the packages of which one is to be added.
 */
export function findSystemdBoot(tree: FileTree, arch: Arch): Content {
  const paths = [systemdBootPath(arch), gummibootPath(arch)];
  const content = paths.map((path) => tree.file(path)?.content).find((found) => found);
  if (content) return content;
  throw new TowerError(
    "not-found",
    `Cannot install a UEFI boot loader: neither "/${paths.join('" nor "/')}" is in the tree`,
    { hint: "Add [systemd-boot, gummiboot] to the world: Alpine has the second up to 3.21" },
  );
}

/**
 * The files that systemd-boot needs in the EFI system partition. It lies where firmware looks on
 * a disk it has no boot entry for (UEFI, §3.5.1.1), so no variable of the firmware is needed.
 *
 * The pattern of the default fits an entry's name with `.conf`, as systemd-boot compares it, and
 * without, as gummiboot does; that shows a menu for ten seconds where nothing fits. Who gets the menu
 * by a key cannot edit the command line: `init=/bin/sh` is a shell without a password.
 *
 * A unified image called system.efi stands before the entry: it tells by what it is sorted.
 *
 * @param enrols whether a machine in setup mode learns the keys of `loader/keys/auto` (systemd-boot
 * since 252; for what 253 calls if-safe, 252 only has a line in its menu)
 */
export function systemdBootFiles(
  loader: Content,
  arch: Arch,
  entry: BootEntry,
  enrols: boolean,
): Map<string, Content> {
  return new Map<string, Content>([
    ...loaderFiles(loader, arch, "system*", enrols),
    [SYSTEMD_BOOT_ENTRY, inlineText(loaderEntry(entry))],
  ]);
}

/**
 * The same where it starts unified kernel images alone. Its pattern fits each of them, whatever its
 * name counts; of several it takes the newest one that has tries left (Boot Loader Specification,
 * "Sorting"). The entries that it makes up itself, such as a firmware's shell, have no suffix.
 */
export function unifiedBootFiles(
  loader: Content,
  arch: Arch,
  enrols: boolean,
): Map<string, Content> {
  return loaderFiles(loader, arch, "*.efi", enrols);
}

/** The loader, and a configuration by which it takes the newest of the entries that fit a pattern. */
export function loaderFiles(
  loader: Content,
  arch: Arch,
  pattern: string,
  enrols: boolean,
): Map<string, Content> {
  const enrolment = enrols ? "secure-boot-enroll force\n" : "";
  return new Map<string, Content>([
    [fallbackProgram(arch), loader],
    ["loader/loader.conf", inlineText(`default ${pattern}\ntimeout 0\neditor no\n${enrolment}`)],
  ]);
}

/** Whether a tree has the files that enrol keys for Secure Boot. */
export function enrolsKeys(tree: FileTree): boolean {
  return KEY_VARIABLES.every((name) => tree.file(enrolmentPath(`${name}.auth`)) !== undefined);
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
