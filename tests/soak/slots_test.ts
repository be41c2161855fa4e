/** Updates that fail more quietly than by a panic. */
import { badUpdateTest } from "../support/machine/slot_starts.ts";

badUpdateTest(
  "a slot that never works is left, by its deadline",
  "bios",
  "unhealthy",
  /slot a does not work: .*health.d\/never failed/,
);

badUpdateTest("a slot that hangs is left, by the watchdog", "uefi", "hang", /^hangs/m);
