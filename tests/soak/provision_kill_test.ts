import { named } from "../support/program/missing_programs.ts";
import { killProvisioning } from "../support/fleet/provision_kills.ts";
import { provisionMissing } from "../support/fleet/provisioning.ts";

const KILLS = 30;
/** Other moments: TOWER_SEED. */
const SEED = Number(Deno.env.get("TOWER_SEED") ?? 21);

Deno.test({
  ...named(
    `C8: provision killed at ${KILLS} points (seed ${SEED}) leaves a whole inventory each time`,
    provisionMissing(),
  ),
  fn: () => killProvisioning(KILLS, SEED),
});
