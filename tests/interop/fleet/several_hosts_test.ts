import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

/** A program and what it needs, in a version each. */
function makeRepository(folder: string, program: string, library: string): void {
  const file = (name: string, version: string) => ({ [`usr/share/${name}`]: `${version}\n` });
  makeProgramRepository(folder, {
    pad: { version: program, depends: ["pad-libs"], files: file("pad", program) },
    "pad-libs": { version: library, files: file("pad-libs", library) },
    vault: { files: file("vault", "1") },
  });
}

Deno.test({
  ...named("several hosts get and lose packages side by side", packageTowerMissing(runner)),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!, ["keys"]);
    const { tower, roots, repository } = place;
    const own = join(repository, "own");
    makeRepository(own, "1.0-r0", "1.0-r0");
    place.knowOwn();
    const has = (path: string) =>
      Object.values(roots).map((root) => {
        try {
          return Deno.readTextFileSync(join(root, path)).trim();
        } catch {
          return undefined;
        }
      });

    await t.step(
      "each plan is shown, each package is asked for once, and each host has it",
      async () => {
        const { code, out, err } = await tower.run("install", "vault", "keys", "pad");
        assertEquals([code, err.includes("Cannot")], [0, false], out + err);
        for (const host of ["vault", "keys"]) {
          assertStringIncludes(out, `${host}: add pad-1.0-r0, `);
          assertStringIncludes(out, `${host}: add pad-libs-1.0-r0, `);
          const kept = Deno.readTextFileSync(join(tower.folder, "hosts", host, "world"));
          assertEquals(kept, Deno.readTextFileSync(join(roots[host]!, "etc/apk/world")));
          assertStringIncludes(kept, "pad\n");
        }
        assertEquals(has("usr/share/pad"), ["1.0-r0", "1.0-r0"]);
        const asked = place.asked.filter((path) => path.includes("/own/"));
        assertEquals(asked.toSorted(), [
          "/alpine/own/x86_64/APKINDEX.tar.gz",
          "/alpine/own/x86_64/pad-1.0-r0.apk",
          "/alpine/own/x86_64/pad-libs-1.0-r0.apk",
        ]);
      },
    );
    await t.step(
      "what this machine holds needs no repository, and what it lacks is named",
      async () => {
        assertEquals((await tower.run("uninstall", "keys", "pad")).code, 0);
        const before = place.asked.length;
        const { code, err } = await tower.run("install", "keys", "pad", "--offline");
        assertEquals([code, err.includes("Cannot")], [0, false], err);
        assertEquals(has("usr/share/pad"), ["1.0-r0", "1.0-r0"]);
        const lacking = await tower.run("install", "keys", "--offline", "--dry-run", "--", "vault");
        assertEquals(lacking.code, 1);
        assertStringIncludes(lacking.err, "Cannot do it offline: the cache lacks vault-1.0-r0\n");
        assertEquals(place.asked.length, before);
        const { out } = await tower.run("cache");
        assertMatch(out, /^pad-1\.0-r0 {2}x86_64 {2}.* {2}sha256:[0-9a-f]{64}$/m);
        assertMatch(out, /^2 packages, /m);
        const kept = JSON.parse((await tower.run("cache", "--json")).out);
        assertEquals(kept.map(({ name }: { name: string }) => name), ["pad", "pad-libs"]);
      },
    );
    await t.step("newer ones come by upgrade-packages to all hosts alike", async () => {
      makeRepository(own, "1.1-r0", "1.2-r0");
      // By installing another one nothing is upgraded.
      assertEquals((await tower.run("install", "vault", "--", "vault")).code, 0);
      assertEquals(has("usr/share/pad"), ["1.0-r0", "1.0-r0"]);
      const dry = await tower.run("upgrade-packages", "vault", "keys", "--dry-run", "--json");
      const plans = JSON.parse(dry.out);
      assertEquals(
        plans.map((p: { host: string; ok: boolean; result: { coming: { name: string }[] } }) => [
          ...[p.host, p.ok],
          p.result.coming.map(({ name }) => name).sort(),
        ]),
        [["vault", true, ["pad", "pad-libs"]], ["keys", true, ["pad", "pad-libs"]]],
      );
      const { code, out, err } = await tower.run("upgrade-packages", "vault", "keys");
      assertEquals([code, err.includes("Cannot")], [0, false], out + err);
      assertStringIncludes(out, "keys: change pad from 1.0-r0 to 1.1-r0, ");
      assertEquals(has("usr/share/pad"), ["1.1-r0", "1.1-r0"]);
      assertEquals(has("usr/share/pad-libs"), ["1.2-r0", "1.2-r0"]);
      assertEquals(
        (await tower.run("upgrade-packages", "vault", "keys")).out,
        "vault: no package changes\nkeys: no package changes\n",
      );
    });
    await t.step("a host that cannot be reached keeps no other from it, and is told", async () => {
      layHost(tower.folder, "gone");
      const { code, out, err } = await tower.run("uninstall", "gone", "vault", "keys", "pad");
      assertEquals(code, 3, err);
      assertStringIncludes(err, "gone: error: ");
      assertStringIncludes(out, "keys: remove pad-libs-1.2-r0\n");
      assertEquals(has("usr/share/pad"), [undefined, undefined]);
      const told = JSON.parse((await tower.run("install", "gone", "keys", "pad", "--json")).out);
      assertEquals(told.map((one: { host: string; ok: boolean }) => [one.host, one.ok]), [
        ["gone", false],
        ["keys", true],
      ]);
    });
    await t.step("what could be a host or a package is said to be a host", async () => {
      const { code, err } = await tower.run("install", "keys", "vault");
      assertEquals(code, 2);
      assertStringIncludes(err, 'Cannot tell which packages: "vault" is a host');
      assertStringIncludes(err, "keys -- vault");
      const unknown = await tower.run("install", "valt", "pad");
      assertStringIncludes(unknown.err, '"vault"');
    });
  },
});
