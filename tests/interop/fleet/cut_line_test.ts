import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import { PackageHost } from "../../support/fleet/apk_cuts.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { PATIENCE } from "../../support/machine/test_machine.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

/** apk stands in this script until the test lets it go on. */
const WAITING = "#!/bin/sh\ntouch /reached\nwhile [ ! -e /go-on ]; do sleep 0.1; done\n";

async function until(what: () => boolean, says: () => string): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    assert(tries < 300 * PATIENCE, says());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  ...named(
    "apk whose line ends while it works is told of, ends by itself, and is repaired",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const { tower, root } = place;
    place.knowOwn();
    makeProgramRepository(join(place.repository, "own"), {
      "pad-libs": { files: { "usr/lib/pad": "libs" }, scripts: { "post-install": WAITING } },
      pad: { depends: ["pad-libs"], files: { "usr/bin/pad": "#!/bin/sh\n" } },
    });
    const host = new PackageHost(runner, place);
    const old = host.world, untouched = await Untouched.since(place);
    const has = (name: string) => {
      try {
        return Deno.statSync(join(root, name)).isFile;
      } catch {
        return false;
      }
    };
    /** How many apk want to change the host. */
    const working = () =>
      Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
        try {
          return Deno.readLinkSync(`/proc/${name}/root`) === root &&
            Deno.readTextFileSync(`/proc/${name}/cmdline`).startsWith("apk\0add");
        } catch {
          return false;
        }
      }).length;
    const goOn = () => Deno.writeTextFileSync(join(root, "go-on"), "");
    const begin = async () => {
      for (const name of ["reached", "go-on"]) if (has(name)) Deno.removeSync(join(root, name));
      const child = await place.start(runner, "install", "vault", "pad");
      void child.stdout.cancel();
      const said = new Response(child.stderr as ReadableStream<Uint8Array<ArrayBuffer>>).text();
      await until(() => has("reached"), () => "apk does not reach the script");
      return { child, said };
    };
    const uninstall = async () => {
      assertEquals((await tower.run("uninstall", "vault", "pad")).code, 0);
      await host.requireSound();
      assertEquals(host.world, old);
    };
    const ENDS = [
      ["Ctrl-C", "SIGINT", "SIGINT was received\n  hint: apk ends there by itself"],
      ["SIGTERM", "SIGTERM", "SIGTERM was received\n  hint: apk ends there by itself"],
    ] as const;
    for (const [name, signal, says] of ENDS) {
      await t.step(`${name}: what is to be done is told, and --repair does it`, async () => {
        const { child, said } = await begin();
        await using _owned = child;
        Deno.kill(child.pid, signal);
        assertEquals(await child.ended, { kind: "exited", code: 130 });
        assertStringIncludes(await said, 'Cannot tell how far apk came on "vault"');
        assertStringIncludes(await said, says);
        assertStringIncludes(await said, "tower install vault --repair");
        goOn();
        await untouched.require();
        await host.install("--repair");
        await host.requireSound();
        assert(has("usr/bin/pad"));
        await uninstall();
        await untouched.require();
      });
    }
    await t.step("a second try waits for the apk that works there still", async () => {
      const { child, said } = await begin();
      await using _owned = child;
      Deno.kill(child.pid, "SIGINT");
      await child.ended;
      await said;
      const again = tower.run("install", "vault", "pad");
      await until(() => working() === 2, () => `${working()} apk work`);
      goOn();
      const { code, err } = await again;
      assertEquals(code, 0, err);
      await host.requireSound();
      await uninstall();
      await untouched.require();
    });
    await t.step("the host's sshd is killed: the line is told as lost", async () => {
      const { child, said } = await begin();
      await using _owned = child;
      const sshd = await place.vault.run("ss", "-Hltnp", "src", "127.0.0.1");
      const [, tunnel] = /pid=(\d+)/.exec(sshd) ?? [];
      Deno.kill(Number(tunnel), "SIGKILL");
      assertEquals(await child.ended, { kind: "exited", code: 1 });
      assertStringIncludes(await said, 'Cannot tell how far apk came on "vault"');
      assertStringIncludes(await said, "hint: Once it is up: tower install vault --repair");
      goOn();
      await untouched.require();
      await host.install("--repair");
      await host.requireSound();
      await uninstall();
      await untouched.require();
    });
  },
});
