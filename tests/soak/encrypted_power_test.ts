import { cutEncryption } from "../support/machine/encrypted_power_cuts.ts";
import { hostMissing } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";

/** Its header, its volumes, and the long copy. */
const MOMENTS = [0, 1500, 4000, 8000, 14_000, 22_000];
const STEPS = ["old-root", "user", "firewall", "secrets"];

Deno.test({
  ...named(
    "ten power cuts in a row, six while the disk is encrypted, leave a first boot that ends well",
    hostMissing(),
  ),
  fn: () => cutEncryption(MOMENTS, STEPS),
});
