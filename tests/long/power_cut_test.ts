import { cutEncryption } from "../support/encrypted_power_cuts.ts";
import { hostMissing } from "../support/host_system.ts";
import { named } from "../support/missing_programs.ts";
import { cutPower } from "../support/power_cuts.ts";

const missing = hostMissing();

// The root may have its new size, and the file system its old one. tests/soak cuts in every step.
Deno.test({
  ...named("a power cut while the root grows leaves a first boot that goes on", missing),
  fn: () => cutPower(["root-size"]),
});

Deno.test({
  ...named(
    "power cuts while the disk is encrypted and at the first start from it leave a first boot that " +
      "ends well",
    missing,
  ),
  fn: () => cutEncryption([8000], ["firewall"]),
});
