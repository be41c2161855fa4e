/** The same from twenty disks that a cut has left. */
import { cutWrites } from "../support/machine/slot_cuts.ts";
import { slotsMissing } from "../support/machine/slot_starts.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named("a machine starts from twenty cuts of an update", slotsMissing("uefi")),
  fn: () => cutWrites(20),
});
