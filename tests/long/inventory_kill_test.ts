import { INVENTORY_CHANGES, killInWindows } from "../support/fleet/inventory_kills.ts";
import { named } from "../support/program/missing_programs.ts";
import { provisionMissing } from "../support/fleet/provisioning.ts";

// Each kind of window once; tests/soak has them all.
for (const [i, change] of INVENTORY_CHANGES.entries()) {
  Deno.test({
    ...named(`C8: ${change} is killed before some of its steps`, provisionMissing()),
    fn: (t) => killInWindows(t, change, { first: 3 + 2 * i, every: 17 }),
  });
}
