/** Slots without UEFI, counted by the initramfs. */
import { badUpdateTest } from "../support/machine/slot_starts.ts";

badUpdateTest(
  "slots are counted without UEFI too",
  "bios",
  "panic",
  /Kernel panic - not syncing: sysrq triggered crash/,
);
