import { TowerError } from "../errors.ts";

/** What a boot loader starts. */
export interface BootEntry {
  /** What a menu shows. */
  readonly title: string;
  /** Path of the kernel from the root of the boot volume. */
  readonly kernel: string;
  readonly initramfs: string;
  /** The kernel's command line. */
  readonly commandLine: string;
}

/**
 * Refuses values that a loader's line-based configuration would read as something else.
 *
 * @throws {TowerError} `usage` for control characters or blanks around a value, for blanks in a
 * path, and for a command line of 2048 bytes or more, which x86 kernels cut off.
 */
export function checkBootEntry(entry: BootEntry): void {
  for (const field of ["title", "kernel", "initramfs", "commandLine"] as const) {
    const value = entry[field];
    const isPath = field === "kernel" || field === "initramfs";
    const cause = /[\x00-\x1f\x7f]/.test(value)
      ? "it has control characters"
      : value.trim() !== value || isPath && (value === "" || value.includes(" "))
      ? "it has blanks where none may be"
      : new TextEncoder().encode(value).length >= 2048
      ? "it has 2048 bytes or more"
      : undefined;
    if (cause !== undefined) {
      throw new TowerError("usage", `Cannot use "${value}" as ${NAMES[field]}: ${cause}`);
    }
  }
}

const NAMES = {
  title: "boot title",
  kernel: "path of a kernel",
  initramfs: "path of an initramfs",
  commandLine: "kernel command line",
} as const;
