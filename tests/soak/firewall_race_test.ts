import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { raceRules } from "../support/firewall/firewall_races.ts";
import { provisionedTowerMissing } from "../support/fleet/provisioned_tower.ts";

const runner = denoRunner();
const missing = provisionedTowerMissing(runner);
const SEED = Number(Deno.env.get("TOWER_SEED") ?? 20261128);

Deno.test({
  name: "60 races of changes of rules, killed and cut off, leave one whole set each" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  fn: () => raceRules(runner, 60, SEED),
});
