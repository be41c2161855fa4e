/** Slots under UEFI, counted by systemd-boot: a good update stays, and one that panics is left. */
import { badUpdateTest } from "../support/machine/slot_starts.ts";

badUpdateTest(
  "a new slot is tried and stays; one that panics is left for good",
  "uefi",
  "panic",
  /Kernel panic - not syncing: sysrq triggered crash/,
);
