import { hostMissing } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";
import { cutPower, FIRST_BOOT_STEPS } from "../support/machine/power_cuts.ts";

Deno.test({
  ...named(
    "power cuts in all eleven steps, one after the other, leave a first boot that goes on",
    hostMissing(),
  ),
  fn: () => cutPower(FIRST_BOOT_STEPS),
});
