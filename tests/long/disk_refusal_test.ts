import { disksMissing, refuseDisks } from "../support/machine/disk_refusals.ts";
import { named } from "../support/program/missing_programs.ts";

// A choice, a disk, a key; tests/soak has them all.
Deno.test({
  ...named(
    "C5: no disk is written that is not surely meant, and the console says why",
    disksMissing(),
  ),
  fn: (t) =>
    refuseDisks(t, ["auto with two disks", "the only disk with a file system", "no key file"]),
});
