import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import type { RunningProcess } from "../../../lib/proc/command.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = packageTowerMissing(runner);
const PAD = "/alpine/own/x86_64/pad-1.0-r0.apk";

/** A tower whose `vault` knows a repository of the test's own. */
async function towerWithPad(buildTime = 1_700_000_000) {
  const place = await PackageTower.create(runner, oracleData()!);
  place.knowOwn();
  offer(place, buildTime);
  return place;
}

function offer({ repository }: PackageTower, buildTime: number): void {
  const files = { "usr/share/pad": "x".repeat(4096) };
  makeProgramRepository(join(repository, "own"), { pad: { files, buildTime } });
}

async function untilThere(what: () => boolean | Promise<boolean>, says: () => string) {
  for (let tries = 0; !await what(); tries++) {
    assert(tries < 600, says());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Reads what a program says until it says this; the rest is read and dropped. */
async function untilSaid(stream: ReadableStream<Uint8Array>, text: string): Promise<void> {
  const reader = stream.getReader();
  for (let said = ""; !said.includes(text);) {
    const { done, value } = await reader.read();
    assert(!done, said);
    said += new TextDecoder().decode(value);
  }
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
}

function sshOf({ tower, programs }: PackageTower): string[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const text = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      return text.includes("ssh") && (text.includes(tower.folder) || text.includes(programs));
    } catch {
      return false;
    }
  });
}

Deno.test({
  ...named("D7: a router that offers an old index is refused, and taken by --allow-old", missing),
  async fn() {
    await using place = await towerWithPad();
    const untouched = await Untouched.since(place);
    const { tower } = place;
    assertEquals((await tower.run("install", "--dry-run", "vault", "pad")).code, 0);
    offer(place, 1_600_000_000);
    const { code, err } = await tower.run("install", "vault", "pad");
    assertEquals(code, 1);
    assertStringIncludes(err, "of 2020-09-13, of one that was read before of 2023-11-14");
    await untouched.require();
    const taken = await tower.run("install", "vault", "pad", "--allow-old");
    assertEquals(taken.code, 0, taken.err);
    assertStringIncludes(taken.err, "is old");
    await untouched.require();
  },
});

Deno.test({
  ...named("a repository that never ends, and a router that goes, leave a host as it was", missing),
  async fn(t) {
    await using place = await towerWithPad();
    const { tower, repository } = place;
    const untouched = await Untouched.since(place);
    const pad = join(repository, "own/x86_64/pad-1.0-r0.apk");
    const index = join(repository, "own/x86_64/APKINDEX.tar.gz");
    for (const path of [pad, index]) {
      await t.step(`${path.split("/").at(-1)} without an end`, async () => {
        Deno.writeTextFileSync(`${path}.endless`, "");
        const { code, err } = await tower.run("install", "vault", "pad");
        Deno.removeSync(`${path}.endless`);
        assertEquals(code, 1);
        assertStringIncludes(err, "Cannot");
        await untouched.require();
      });
    }
    await t.step("a router that goes in the middle of a package", async () => {
      Deno.writeTextFileSync(`${pad}.half`, "");
      const asked = place.asked.length;
      const install = tower.run("install", "vault", "pad");
      await untilThere(() => place.asked.slice(asked).includes(PAD), () => place.asked.join());
      const lines = place.forwardsOf();
      assertEquals(lines.length, 1);
      for (const pid of lines) Deno.kill(pid, "SIGKILL");
      const { code, err } = await install;
      Deno.removeSync(`${pad}.half`);
      assertEquals(code, 1);
      assertStringIncludes(err, "by way of the router");
      await untouched.require();
    });
    await t.step("a package that the index had and the repository has no more", async () => {
      Deno.renameSync(pad, `${pad}.away`);
      const { code, err } = await tower.run("install", "vault", "pad");
      Deno.renameSync(`${pad}.away`, pad);
      assertEquals(code, 1);
      assertStringIncludes(err, "the server answers 404");
    });
    const { code, err } = await tower.run("install", "vault", "pad");
    assertEquals(code, 0, err);
    await untouched.require();
  },
});

Deno.test({
  ...named("E14: of two installs on a host one waits, and SIGTERM leaves nothing", missing),
  async fn() {
    await using place = await towerWithPad();
    const untouched = await Untouched.since(place);
    const half = join(place.repository, "own/x86_64/pad-1.0-r0.apk.half");
    Deno.writeTextFileSync(half, "");
    const start = async (): Promise<RunningProcess> => {
      const child = await place.start(runner, "install", "vault", "pad");
      void child.stdout.cancel();
      return child;
    };
    await using first = await start();
    void first.stderr.cancel();
    await untilThere(() => place.asked.includes(PAD), () => place.asked.join());
    await using second = await start();
    await untilSaid(second.stderr, "(tower install vault) to end");
    Deno.removeSync(half);
    first.kill("SIGTERM");
    assertEquals(await first.ended, { kind: "exited", code: 130 });
    assertEquals(await second.ended, { kind: "exited", code: 0 });
    await untilThere(() => sshOf(place).length === 0, () => sshOf(place).join());
    await untouched.require();
    assertStringIncludes(Deno.readTextFileSync(join(place.root, "etc/apk/world")), "pad\n");
  },
});

Deno.test({
  ...named("E15: apk-tunnel leaves no ssh running, however it ends", missing),
  async fn() {
    await using place = await towerWithPad();
    const untouched = await Untouched.since(place);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await using tunnel = await place.start(runner, "apk-tunnel", "vault");
      void tunnel.stderr.cancel();
      await untilSaid(tunnel.stdout, "--repository");
      assert(sshOf(place).length > 0);
      tunnel.kill(signal);
      await tunnel.ended;
      await untilThere(() => sshOf(place).length === 0, () => sshOf(place).join());
      await untouched.require();
    }
  },
});
