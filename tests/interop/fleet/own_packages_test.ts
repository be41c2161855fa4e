import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { OwnAlpine } from "../../support/fleet/own_alpine.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const WGET = "/alpine/x86_64/wget-1.21.4-r0.apk";

/** Waits until something holds. */
async function until(holds: () => boolean | Promise<boolean>, told: () => string): Promise<void> {
  for (let tries = 0; !await holds(); tries++) {
    assert(tries < 600, told());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The addresses at which somebody listens at a port of this machine. */
async function listeners(port: string): Promise<string[]> {
  const { stdout } = await runner.run({ argv: ["ss", "-Hltn", `sport = :${port}`] });
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(/\s+/)[3]!);
}

const portIn = (words: string) => /http:\/\/127\.0\.0\.1:(\d+)\/0/.exec(words)![1]!;

Deno.test({
  ...named(
    "the thin client gets packages by the router, by real sshd and its own real apk",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const own = await OwnAlpine.create(runner, oracleData()!, place);
    const old = own.world();
    const settings = () => [own.text("etc/hosts"), own.text("etc/apk/repositories")];
    const before = settings();

    await t.step("a dry run asks nobody, needs no root, and changes nothing", async () => {
      const words = ["install", "--dry-run", "thinclient", "wget"];
      const { code, out, err } = await own.run({ uid: 1000 }, ...words);
      assertEquals([code, err], [0, ""]);
      assertStringIncludes(out, "thinclient: add wget-1.21.4-r0, ");
      assertStringIncludes(out, "thinclient: add libidn2-2.3.4-r4, ");
      assertEquals([own.world(), own.kept("world")], [old, undefined]);
    });
    await t.step(
      "where nobody can be asked, or who asks is not root, nothing is read",
      async () => {
        const asked = place.asked.length;
        const silent = await own.run({}, "install", "thinclient", "wget");
        assertEquals(silent.code, 2);
        assertStringIncludes(silent.err, 'Cannot ask whether packages may come to "thinclient"');
        assertStringIncludes(silent.err, "--no-confirm");
        const words = ["install", "vault", "thinclient", "wget", "--no-confirm"];
        const powerless = await own.run({ uid: 1000 }, ...words);
        assertEquals(powerless.code, 1);
        assertStringIncludes(
          powerless.err,
          "Cannot change the packages of this machine: only root",
        );
        assertStringIncludes(powerless.err, `doas env HOME="$HOME" tower ${words.join(" ")}`);
        assertEquals([place.asked.length, own.world()], [asked, old]);
      },
    );
    await t.step("the question says what comes of it, and no answer is no", async () => {
      for (const answers of [["n"], [""], []]) {
        const { code, out, err } = await own.run({ answers }, "install", "thinclient", "wget");
        assertEquals(code, 1);
        assertStringIncludes(out, "thinclient: add wget-1.21.4-r0, ");
        assertMatch(err, /WARNING: .*\n.*\n?.*see everything that this machine sees/);
        assertStringIncludes(err, "Go on? [y/N] ");
        assertStringIncludes(err, "Nothing was changed.\n");
        assertEquals([own.world(), own.kept("world")], [old, undefined]);
      }
      assert(!place.asked.includes(WGET));
    });
    await t.step("a package comes with what it needs, from a port of its loopback", async () => {
      const ports: string[] = [];
      const onApk = async (argv: readonly string[]) => {
        const port = portIn(argv.join(" "));
        ports.push(port);
        assertEquals(await listeners(port), [`127.0.0.1:${port}`]);
        const at = `http://127.0.0.1:${port}`;
        for (
          const [path, status] of [
            ["/0/x86_64/wget-1.21.4-r0.apk", 200],
            ["/0/x86_64/iw-5.19-r1.apk", 404],
            ["/etc/passwd", 404],
          ] as const
        ) assertEquals((await fetch(at + path, { method: "HEAD" })).status, status, path);
      };
      const user = { uid: 1000, hasDoas: true, answers: ["y"], onApk };
      const { code, err } = await own.run(user, "install", "thinclient", "wget");
      assertEquals([code, err.includes("Cannot")], [0, false], err);
      assertEquals(own.world(), `${old}wget\n`);
      assertEquals(own.kept("world"), own.world());
      const argv = ["chroot", own.root, "/usr/bin/wget", "--version"] as const;
      const { stdout } = await runner.run({ argv });
      assertStringIncludes(new TextDecoder().decode(stdout), "GNU Wget 1.21.4");
      assertEquals([ports.length, await listeners(ports[0]!)], [1, []]);
      assertEquals(settings(), before);
    });
    await t.step("it is no host for that", async () => {
      assertEquals((await place.tower.run("list")).out.includes("thinclient"), false);
      const { code, err } = await place.tower.run("apk-tunnel", "thinclient");
      assertEquals(code, 1);
      assertStringIncludes(err, 'Cannot open a tunnel to "thinclient": it is this machine');
    });
    await t.step("what it has and could have is told", async () => {
      const { out } = await own.run({}, "packages", "thinclient", "--world");
      assertMatch(out, /^wget +1\.21\.4-r0 /m);
      assertMatch((await own.run({}, "search", "wget", "thinclient")).out, /^wget .*1\.21\.4-r0 /m);
      const why = await own.run({}, "why", "thinclient", "libidn2");
      assertStringIncludes(why.out, "(the world asks for wget)");
    });
    await t.step("nothing is asked where nothing comes", async () => {
      const newest = await own.run({ answers: [] }, "upgrade-packages", "thinclient");
      assertEquals([newest.code, newest.out], [0, "thinclient: no package changes\n"]);
      assert(!newest.err.includes("WARNING"), newest.err);
      const kept = await own.run({}, "uninstall", "thinclient", "apk-tools");
      assertEquals(kept.code, 1);
      assertStringIncludes(
        kept.err,
        "Cannot take apk-tools away: packages come and go by it alone",
      );
      const { code, out, err } = await own.run({}, "uninstall", "thinclient", "wget");
      assertEquals([code, err.includes("Cannot")], [0, false], err);
      assertStringIncludes(out, "thinclient: remove libidn2-2.3.4-r4\n");
      assertEquals([own.world(), own.kept("world")], [old, old]);
    });
    await t.step("with hosts it is changed side by side, and comes back as they do", async () => {
      const words = ["vault", "thinclient", "wget", "--no-confirm"];
      const { code, out, err } = await own.run({}, "install", ...words);
      assertEquals([code, err.includes("Cannot")], [0, false], out + err);
      assertStringIncludes(Deno.readTextFileSync(join(place.root, "etc/apk/world")), "wget\n");
      assertStringIncludes(own.world(), "wget\n");
      await runner.run({ argv: ["chroot", own.root, "/sbin/apk", "del", "wget"] });
      const silent = await own.run({}, "install", "thinclient", "--restore");
      assertEquals([silent.code, own.world()], [2, old]);
      const restored = await own.run({ answers: ["yes"] }, "install", "thinclient", "--restore");
      assertEquals(restored.code, 0, restored.err);
      assertEquals(own.world(), `${old}wget\n`);
      assertEquals((await own.run({}, "uninstall", "thinclient", "wget")).code, 0);
    });
    await t.step(
      "a package whose item of the world goes and that others need is told",
      async () => {
        const words = ["thinclient", "wget", "libidn2", "--no-confirm"];
        assertEquals((await own.run({}, "install", ...words)).code, 0);
        const { code, out } = await own.run({}, "uninstall", "thinclient", "libidn2");
        assertEquals([code, out], [
          0,
          "thinclient: no package comes or goes; its world loses libidn2\n",
        ]);
        assertEquals(own.world(), `${old}wget\n`);
        assertEquals((await own.run({}, "uninstall", "thinclient", "wget")).code, 0);
      },
    );
    await t.step("a router that goes in the middle leaves it as it was", async () => {
      const path = join(place.repository, "x86_64/tzdata-2023d-r0.apk");
      Deno.writeTextFileSync(`${path}.half`, "");
      const work = own.run({}, "install", "thinclient", "tzdata", "--no-confirm");
      await until(() => place.asked.some((p) => p.includes("tzdata")), () => place.asked.join());
      for (const pid of place.forwardsOf()) Deno.kill(pid, "SIGKILL");
      const { code, err } = await work;
      Deno.removeSync(`${path}.half`);
      assertEquals(code, 1);
      assertStringIncludes(err, "by way of the router");
      assertEquals([own.world(), own.kept("world")], [old, old]);
    });
    await t.step("Ctrl-C closes the port, and lets apk end what it began", async () => {
      const words = ["install", "thinclient", "e2fsprogs", "--no-confirm"];
      const child = await place.startBy(own.programs, runner, ...words);
      void child.stdout.cancel();
      const said = new Response(child.stderr as ReadableStream<Uint8Array<ArrayBuffer>>).text();
      const file = (name: string) => {
        try {
          return Deno.readTextFileSync(join(own.programs, name));
        } catch {
          return "";
        }
      };
      await until(() => file("began").endsWith("\n"), () => "apk did not begin");
      const port = portIn(file("began"));
      assertEquals(await listeners(port), [`127.0.0.1:${port}`]);
      child.kill("SIGINT");
      await until(async () => (await listeners(port)).length === 0, () => `${port} is open`);
      Deno.writeTextFileSync(join(own.programs, "go"), "\n");
      assertEquals(await child.ended, { kind: "exited", code: 130 }, await said);
      // It was not killed, but found nothing any more.
      assertMatch(file("ended"), /^[1-9]\d*\n$/);
      assertStringIncludes(await said, "waiting for apk to end what it began");
      const { code, err } = await own.run({}, "install", "thinclient", "--repair", "--no-confirm");
      assertEquals(code, 0, err);
      assertStringIncludes(own.world(), "e2fsprogs\n");
    });
    await t.step("a machine without apk is refused in words", async () => {
      Deno.renameSync(join(own.root, "sbin/apk"), join(own.root, "apk"));
      const { code, err } = await own.run({}, "install", "thinclient", "wget", "--no-confirm");
      Deno.renameSync(join(own.root, "apk"), join(own.root, "sbin/apk"));
      assertEquals(code, 1);
      assertStringIncludes(err, 'Cannot read the packages of "thinclient"');
      assertStringIncludes(err, "Packages are Alpine's alone here");
    });
    assertEquals(settings(), before);
  },
});
