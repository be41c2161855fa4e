import { DISK_CASES, disksMissing, refuseDisks } from "../support/machine/disk_refusals.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "C5: of all the disks that may be there, none is written that is not surely meant",
    disksMissing(),
  ),
  fn: (t) => refuseDisks(t, DISK_CASES),
});
