import type { Arch } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { Content } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { type BootEntry, checkBootEntry } from "./boot_entry.ts";

/**
 * What the Raspberry Pi's own firmware is made of, in the root of the boot volume. The first two
 * start the models before the 4, which has its first stage in a chip; the 5 has all of it there.
 */
const FIRMWARE = ["bootcode.bin", "start.elf", "fixup.dat"];
const FIRMWARE_4 = ["start4.elf", "fixup4.dat"];
/** The kernel's command line, in the root of the boot volume. */
export const RASPBERRY_PI_CMDLINE = "cmdline.txt";
/**
 * Blanks behind the command line: room to change it in place, without moving the file. A kernel
 * of 32 bits reads 1024 bytes in all, some of which the firmware writes.
 */
const SPARE = 128;

/**
 * What the boot volume of a Raspberry Pi is like: bytes that stay free, as it is written to later (its
 * firmware's own settings and updates, `tower.env`) and a full one no longer starts; and sectors of
 * a cluster, as images of Raspberry Pi OS have them, which keeps the table small that the first
 * stage walks.
 */
export const RASPBERRY_PI_VOLUME = { free: 8 << 20, sectorsPerCluster: 4 } as const;

/**
 * Refuses a tree that the firmware could not start: it must hold the firmware itself and a device
 * tree, which packages put into `/boot`.
 *
 * @throws {TowerError} `not-found` with the package to add.
 */
export function checkRaspberryPi(tree: FileTree): void {
  const missing = [...FIRMWARE, ...FIRMWARE_4].find((name) => !tree.file(`boot/${name}`));
  if (missing !== undefined) throw absent(`/boot/${missing}`, "raspberrypi-bootloader");
  if (deviceTrees(tree).length === 0) throw absent("/boot/*.dtb", "linux-rpi");
}

function absent(path: string, name: string): TowerError {
  const message = `Cannot start Raspberry Pis: "${path}" is not in the tree`;
  return new TowerError("not-found", message, { hint: `Add the package "${name}" to the system` });
}

/**
 * The files that the firmware reads in the root of the boot volume (Raspberry Pi documentation,
 * config.txt). `usercfg.txt` belongs to the user: an empty one is made where the tree has none.
 */
export function raspberryPiFiles(
  tree: FileTree,
  arch: Arch,
  entry: BootEntry,
): Map<string, Content> {
  checkBootEntry(entry);
  const config = configText(entry, arch, namesOfLinux(tree));
  return new Map([
    ["config.txt", inlineText(config)],
    [RASPBERRY_PI_CMDLINE, inlineText(`${entry.commandLine}${" ".repeat(SPARE)}\n`)],
    ...(tree.get("boot/usercfg.txt") ? [] : [["usercfg.txt", inlineText("")] as const]),
  ]);
}

function configText(entry: BootEntry, arch: Arch, upstream: boolean): string {
  return [
    "# Made by the build. Settings of your own go into usercfg.txt.",
    `kernel=${entry.kernel}`,
    `initramfs ${entry.initramfs} followkernel`,
    `arm_64bit=${arch === "aarch64" ? 1 : 0}`,
    ...(upstream ? ["upstream_kernel=1"] : []),
    "enable_uart=1",
    "include usercfg.txt",
    "",
  ].join("\n");
}

/**
 * Whether the device trees have Linux' own names. Those of the Raspberry Pi's kernels have others
 * for the models before the 4, and the firmware looks for these unless it is told.
 */
function namesOfLinux(tree: FileTree): boolean {
  const names = deviceTrees(tree);
  return !names.some((name) => /^bcm27(?:08|09|10)-/.test(name)) &&
    names.some((name) => /^bcm283[567]-/.test(name));
}

function deviceTrees(tree: FileTree): string[] {
  return tree.children("boot").map(({ path }) => path.slice("boot/".length))
    .filter((name) => name.endsWith(".dtb"));
}
