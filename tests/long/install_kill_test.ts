import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { oracleData } from "../support/apk/alpine_oracle.ts";
import { HOST_POINTS, InstallKills } from "../support/fleet/install_kills.ts";
import { PackageTower, packageTowerMissing } from "../support/fleet/package_tower.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();
Deno.test({
  ...named(
    "wherever an install is killed, nothing is left, and a second try does it",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const kills = InstallKills.create(runner, place);
    await kills.require(t, [
      ...[1, 2, 3, 4, 5].map((ssh) => ({ ssh })),
      ...["APKINDEX.tar.gz", "pad-1.0-r0.apk", "pad-data-1.0-r0.apk"].map((half) => ({ half })),
      ...HOST_POINTS.map((host) => ({ host })),
      ...[20, 40, 80, 120].map((stored) => ({ stored })),
      ...Array.from({ length: 10 }, (_, i) => ({ kept: (i + 0.5) / 11 })),
    ]);
  },
});
