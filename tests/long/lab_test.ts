import { labMissing } from "../support/build/lab_system.ts";
import { bootLab } from "../support/machine/lab_boot.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "lab boots by uefi from its own disk and answers over SSH behind its firewall",
    labMissing(),
  ),
  fn: () => bootLab("uefi"),
});
