/** Slots whose root is not verified, counted by systemd-boot and by the initramfs. */
import { badUpdateTest } from "../support/machine/slot_starts.ts";

for (const firmware of ["uefi", "bios"] as const) {
  badUpdateTest(
    `a new slot is tried and stays; one that panics is left for good (${firmware})`,
    firmware,
    "panic",
    /Kernel panic - not syncing: sysrq triggered crash/,
  );
}
