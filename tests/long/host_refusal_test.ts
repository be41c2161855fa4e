import { refuseFiles } from "../support/machine/file_refusals.ts";
import { hostMissing } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "C9: no file and a bad one are refused, and the corrected one makes a host",
    hostMissing(),
  ),
  fn: (t) => refuseFiles(t, ["a NUL"]),
});
