import { INVENTORY_CHANGES, killInWindows } from "../support/fleet/inventory_kills.ts";
import { named } from "../support/program/missing_programs.ts";
import { provisionMissing } from "../support/fleet/provisioning.ts";

for (const change of INVENTORY_CHANGES) {
  Deno.test({
    ...named(`C8: ${change} is killed before each of its steps`, provisionMissing()),
    fn: (t) => killInWindows(t, change, { first: 1, every: 1 }),
  });
}
