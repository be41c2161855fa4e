import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { PackageHost, repairCuts } from "../../support/fleet/apk_cuts.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
Deno.test({
  ...named(
    "a host gets back what it lost: anew by --restore, cut off by --repair",
    packageTowerMissing(runner) ?? programsMissing(runner, "strace", "ldd"),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const { tower } = place;
    const host = new PackageHost(runner, place);
    const old = host.world;
    await t.step("nothing kept is told", async () => {
      const { code, err } = await tower.run("install", "vault", "--restore");
      assertEquals(code, 1);
      assertStringIncludes(err, 'Cannot restore the packages of "vault": none were kept');
    });
    await t.step("packages beside --restore and none at all are refused", async () => {
      assertEquals((await tower.run("install", "vault", "--restore", "wget")).code, 2);
      assertEquals((await tower.run("install", "vault")).code, 2);
    });
    await t.step("a host that is made anew gets its packages back", async () => {
      await host.install("wget", "tzdata=2023d-r0");
      const full = host.kept;
      await host.apk("del", "wget", "tzdata");
      assertEquals(host.world, old);
      const shown = await host.install("--restore", "--dry-run");
      assertStringIncludes(shown, "vault: lacks wget, which was kept\n");
      assertStringIncludes(shown, "vault: lacks tzdata=2023d-r0, which was kept\n");
      assertEquals([host.world, host.kept], [old, full]);
      await host.install("--restore");
      assertEquals(host.world, full);
      assertStringIncludes(await host.install("--restore"), "vault: has all that was kept\n");
      await host.requireSound();
      assertEquals((await tower.run("uninstall", "vault", "wget", "tzdata")).code, 0);
    });
    await repairCuts(t, runner, place, { renames: [8, 12], removals: [6] });
  },
});
