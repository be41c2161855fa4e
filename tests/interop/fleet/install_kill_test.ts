import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { InstallKills } from "../../support/fleet/install_kills.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
Deno.test({
  ...named(
    "an install that is killed leaves nothing, and a second try does it",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    await InstallKills.create(runner, place).require(t, [
      // Before the plan, while an index and a package come, while apk works, and while it is compared.
      { ssh: 1 },
      { half: "APKINDEX.tar.gz" },
      { half: "pad-data-1.0-r0.apk" },
      { host: "pad-libs.pre-install" },
      { ssh: 5 },
    ]);
  },
});
