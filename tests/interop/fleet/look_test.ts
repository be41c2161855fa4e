import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

Deno.test({
  ...named(
    "what a host has and could have is told as real apk tells it",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const { tower, root } = place;
    const apk = async (...words: string[]) => {
      const argv = ["chroot", root, "/sbin/apk", ...words] as [string, ...string[]];
      const { stdout } = await runner.run({ argv });
      return new TextDecoder().decode(stdout).trimEnd().split("\n").sort();
    };
    const untouched = await Untouched.since(place);

    await t.step("its packages, and which of them were asked for", async () => {
      const { code, out, err } = await tower.run("packages", "vault", "--json");
      assertEquals([code, err], [0, ""]);
      const { packages } = JSON.parse(out) as {
        packages: { name: string; version: string; world?: string }[];
      };
      assertEquals(packages.map((p) => `${p.name}-${p.version}`).sort(), await apk("info", "-v"));
      const world = Deno.readTextFileSync(join(root, "etc/apk/world")).trim().split("\n");
      assertEquals(packages.flatMap((p) => p.world ?? []).sort(), world.sort());
      const table = (await tower.run("packages", "--world", "vault")).out;
      assert(/^alpine-baselayout +\S+ +\S+ \S+ +world$/m.test(table), table);
      assert(!/^musl /m.test(table), table);
    });
    await t.step("why it has one", async () => {
      const { code, out, err } = await tower.run("why", "vault", "musl");
      assertEquals([code, err], [0, ""]);
      assertStringIncludes(out, "(the world asks for alpine-baselayout)");
      assertStringIncludes(out, "  musl-1.2.5-r0 (dependency so:libc.musl-x86_64.so.1)");
    });
    await t.step("why it has one not, which its repositories decide", async () => {
      const lacking = await tower.run("why", "vault", "wget");
      assertEquals(lacking.code, 0, lacking.err);
      assertStringIncludes(lacking.out, "nothing asks for wget; it could be added");
      assertStringIncludes(lacking.out, "would add: libunistring-1.1-r2 libidn2-2.3.4-r4");
      const barred = await tower.run("why", "vault", "openssl", "--json");
      assertEquals([barred.code, JSON.parse(barred.out).absence.kind], [0, "refused"]);
      assertStringIncludes((await tower.run("why", "vault", "gone")).out, "cannot be added");
      const world = join(root, "etc/apk/world"), old = Deno.readTextFileSync(world);
      Deno.writeTextFileSync(world, `${old}wget\n`);
      const { out } = await tower.run("why", "vault", "wget");
      Deno.writeTextFileSync(world, old);
      assertStringIncludes(out, "not there; tower install vault wget brings wget-1.21.4-r0\n");
    });
    await t.step("what a search finds", async () => {
      const { code, out, err } = await tower.run("search", "wget", "vault");
      assertEquals(code, 0, err);
      assert(/^wget +1\.21\.4-r0 +\S+ \S+ +- +\S/m.test(out), out);
      const { out: json } = await tower.run("search", "musl", "vault", "--json");
      const [musl] = JSON.parse(json).packages;
      assertEquals([musl.name, musl.installed], ["musl", "1.2.5-r0"]);
      assertEquals((await tower.run("search", "no such word", "vault")).out, "");
    });
    await t.step("a repository at the host's own loopback is asked for nowhere", async () => {
      const path = join(root, "etc/apk/repositories"), old = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, `http://127.1:22/alpine\n${old}http://localhost/\n`);
      const { code, out, err } = await tower.run("search", "wget", "vault");
      Deno.writeTextFileSync(path, old);
      assertEquals(code, 0, err);
      assertStringIncludes(out, "wget");
    });
    await t.step("an index that lies is not shown", async () => {
      const index = join(place.repository, "x86_64/APKINDEX.tar.gz");
      const good = Deno.readFileSync(index), torn = good.slice();
      torn[torn.length >> 1]! ^= 1;
      Deno.writeFileSync(index, torn);
      for (const words of [["search", "wget", "vault"], ["why", "vault", "wget"]]) {
        const { code, out, err } = await tower.run(...words);
        assertEquals([code, out], [1, ""]);
        assertEquals(err.includes('"vault", which has it not'), words[0] === "why", err);
      }
      Deno.writeFileSync(index, good);
    });
    await t.step("without a host the router's repositories are searched", async () => {
      // The router of this lab has no apk.
      const { err } = await tower.run("search", "wget");
      assertStringIncludes(err, 'Cannot read the packages of "router"');
      assertStringIncludes(err, "it has no apk");
    });
    await t.step(
      "a database or world that was lost is not taken for a host without packages",
      async () => {
        for (const path of ["lib/apk/db/installed", "etc/apk/world"]) {
          const file = join(root, path);
          Deno.renameSync(file, `${file}.away`);
          const told = await tower.run("packages", "vault");
          Deno.renameSync(`${file}.away`, file);
          assertEquals([told.code, told.out], [1, ""]);
          assertStringIncludes(told.err, 'Cannot read the packages of "vault"');
        }
      },
    );
    await untouched.require();
  },
});
