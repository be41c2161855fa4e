import { cutEncryption } from "../support/machine/encrypted_power_cuts.ts";
import { hostMissing } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "power cuts while the disk is encrypted and at the first start from it leave a first boot that " +
      "ends well",
    hostMissing(),
  ),
  fn: () => cutEncryption([8000], ["firewall"]),
});
