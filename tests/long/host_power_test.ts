import { hostMissing } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";
import { cutPower } from "../support/machine/power_cuts.ts";

// The partition may have its new size, and the file system its old one.
Deno.test({
  ...named(
    "power cuts while fstab is written and the root grows leave a first boot that goes on",
    hostMissing(),
  ),
  fn: () => cutPower(["mounts", "root-size"]),
});
