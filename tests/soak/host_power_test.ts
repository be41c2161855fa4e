import { hostMissing } from "../support/host_system.ts";
import { named } from "../support/missing_programs.ts";
import { cutPower, FIRST_BOOT_STEPS } from "../support/power_cuts.ts";

Deno.test({
  ...named(
    "power cuts in all eleven steps, one after the other, leave a first boot that goes on",
    hostMissing(),
  ),
  fn: () => cutPower(FIRST_BOOT_STEPS),
});
