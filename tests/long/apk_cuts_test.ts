import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { oracleData } from "../support/apk/alpine_oracle.ts";
import { repairCuts } from "../support/fleet/apk_cuts.ts";
import { PackageTower, packageTowerMissing } from "../support/fleet/package_tower.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";

const runner = denoRunner();
Deno.test({
  ...named(
    "wherever real apk is cut off, --repair ends what was begun",
    packageTowerMissing(runner) ?? programsMissing(runner, "strace", "ldd"),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const all = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
    await repairCuts(t, runner, place, {
      renames: all(13),
      // The first is cut off before anything is removed.
      removals: all(10).slice(1),
    });
  },
});
