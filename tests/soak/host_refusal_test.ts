import { FILE_CASES, refuseFiles } from "../support/file_refusals.ts";
import { hostMissing } from "../support/host_system.ts";
import { named } from "../support/missing_programs.ts";

Deno.test({
  ...named(
    "C9: bad files are refused one after the other, and the corrected one makes a host",
    hostMissing(),
  ),
  fn: (t) => refuseFiles(t, FILE_CASES),
});
