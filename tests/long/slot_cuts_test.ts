/** The power goes off while an update is written: behind each write to the disk, as the kernel made them. */
import { cutWrites } from "../support/machine/slot_cuts.ts";
import { slotsMissing } from "../support/machine/slot_starts.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "power that goes off while an update is written leaves the old slot",
    slotsMissing("uefi"),
  ),
  fn: () => cutWrites(2),
});
