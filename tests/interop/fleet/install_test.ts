import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import {
  PackageTower,
  packageTowerMissing,
  REPOSITORY,
} from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

/** Looks what the host may have before it has apk work. */
const PROBING_DOAS = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for word; do
  case $word in http://127.0.0.1:*)
    for path in x86_64/APKINDEX.tar.gz x86_64/iw-5.19-r1.apk x86_64/openssl-3.1.4-r5.apk \\
      x86_64/wget-1.21.4-r0.apk ../alpine/x86_64/APKINDEX.tar.gz ../etc/hosts; do
      wget -q -O /dev/null "$word/$path" 2>/dev/null && echo "$path" >>/found
    done ;;
  esac
done
exec "$@"
`;
Deno.test({
  ...named(
    "an offline host gets packages through the thin client, by real sshd and real apk",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!);
    const { tower, root, repository } = place;
    const world = () => Deno.readTextFileSync(join(root, "etc/apk/world"));
    const untouched = await Untouched.since(place);
    const file = (name: string) => join(repository, "x86_64", name);

    await t.step("a dry run tells the plan, and changes nothing", async () => {
      const old = world();
      const { code, out, err } = await tower.run("install", "--dry-run", "vault", "wget");
      assertEquals([code, err], [0, ""]);
      assertStringIncludes(out, "vault: add wget-1.21.4-r0, ");
      assertStringIncludes(out, "vault: add libidn2-2.3.4-r4, ");
      assertEquals(world(), old);
    });
    await t.step("packages that lie never reach the host", async () => {
      const good = Deno.readFileSync(file("wget-1.21.4-r0.apk"));
      const index = Deno.readFileSync(file("APKINDEX.tar.gz"));
      const refused = async (name: string, bytes: Uint8Array, says: string) => {
        Deno.writeFileSync(file(name), bytes);
        const { code, err } = await tower.run("install", "vault", "wget");
        Deno.writeFileSync(file("wget-1.21.4-r0.apk"), good);
        Deno.writeFileSync(file("APKINDEX.tar.gz"), index);
        assertEquals(code, 1, name);
        assertStringIncludes(err, says);
        assertStringIncludes(err, "Cannot");
      };
      const flipped = Uint8Array.from(good);
      flipped[flipped.length >> 1]! ^= 1;
      const endless = new Uint8Array(good.length + 1);
      endless.set(good);
      const other = Deno.readFileSync(file("wpa_supplicant-2.10-r9.apk"));
      const name = "wget-1.21.4-r0.apk";
      await refused(name, flipped, "wget");
      await refused(name, good.subarray(0, 1000), "wget");
      await refused(name, endless, "wget");
      await refused(name, other, "wget");
      const torn = Uint8Array.from(index);
      torn[torn.length >> 1]! ^= 1;
      await refused("APKINDEX.tar.gz", torn, "Cannot");
      Deno.writeTextFileSync(`${file(name)}.redirect`, "http://192.0.2.9/elsewhere");
      await refused(name, good, "redirects elsewhere");
      Deno.removeSync(`${file(name)}.redirect`);
      assert(!world().includes("wget"));
    });
    await t.step("a package comes with what it needs, and its world is kept", async () => {
      const { code, out, err } = await tower.run("install", "vault", "wget");
      assertEquals([code, err.includes("Cannot")], [0, false], out + err);
      assert(world().includes("wget\n"));
      const kept = Deno.readTextFileSync(join(tower.folder, "hosts/vault/world"));
      assertEquals(kept, world());
      const { stdout } = await runner.run({ argv: ["chroot", root, "/usr/bin/wget", "--version"] });
      assertStringIncludes(new TextDecoder().decode(stdout), "GNU Wget 1.21.4");
    });
    await t.step("while apk works, the host finds the files of the plan and no other", async () => {
      const doas = join(root, "usr/bin/doas"), old = Deno.readTextFileSync(doas);
      Deno.writeTextFileSync(doas, PROBING_DOAS);
      const { code, err } = await tower.run("install", "vault", "iw");
      Deno.writeTextFileSync(doas, old);
      assertEquals(code, 0, err);
      assertEquals(Deno.readTextFileSync(join(root, "found")).trim().split("\n"), [
        "x86_64/APKINDEX.tar.gz",
        "x86_64/iw-5.19-r1.apk",
      ]);
    });
    await t.step("once more it changes nothing", async () => {
      const { code, out } = await tower.run("install", "vault", "wget");
      assertEquals([code, out], [0, "vault: no package changes\n"]);
    });
    await t.step("what cannot be is told before the host is touched", async () => {
      for (
        const [wanted, status, says] of [
          ["no-such-package", 1, "no-such-package"],
          ["tzdata=1.0-r0", 1, "tzdata"],
          ["openssl", 1, "openssl-3.1.4-r5 asks for libcrypto3=3.1.4-r5"],
          ["!wget", 2, 'Cannot install "!wget"'],
        ] as const
      ) {
        const { code, err } = await tower.run("install", "vault", wanted);
        assertEquals(code, status, wanted);
        assertStringIncludes(err, says);
      }
    });
    await t.step("a host that names other repositories is not believed", async () => {
      const path = join(root, "etc/apk/repositories");
      const old = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, `${old}http://192.0.2.1/secret-of-the-host\n`);
      const { code, err } = await tower.run("install", "vault", "tzdata");
      Deno.writeTextFileSync(path, old);
      assertEquals(code, 1);
      assertStringIncludes(err, 'Cannot trust the repositories of "vault"');
    });
    await t.step("a version may be pinned", async () => {
      const { code, err } = await tower.run("install", "vault", "tzdata=2023d-r0");
      assertEquals(code, 0, err);
      assert(world().includes("tzdata=2023d-r0\n"));
    });
    await untouched.require();
    await t.step("what is uninstalled goes, with what it alone needed", async () => {
      const { code, out, err } = await tower.run("uninstall", "vault", "wget");
      assertEquals([code, err.includes("Cannot")], [0, false], err);
      assertStringIncludes(out, "vault: remove wget-1.21.4-r0\n");
      assertStringIncludes(out, "vault: remove libidn2-2.3.4-r4\n");
      assert(!world().includes("wget"));
      assertEquals(Deno.readTextFileSync(join(tower.folder, "hosts/vault/world")), world());
      assertEquals((await tower.run("uninstall", "vault", "wget")).code, 1);
    });
    await t.step("what stands in several repositories comes from whichever apk takes", async () => {
      Deno.symlinkSync(repository, `${repository}-twin`);
      const path = join(root, "etc/apk/repositories"), old = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, `${old}${REPOSITORY}-twin\n@edge ${REPOSITORY}-twin\n`);
      for (const wanted of ["wget", "wget@edge"]) {
        const { code, err } = await tower.run("install", "vault", wanted, "--new-sources");
        assertEquals([code, err.includes("Cannot")], [0, false], err);
        assert(world().includes(`${wanted}\n`));
        assertEquals((await tower.run("uninstall", "vault", "wget")).code, 0);
      }
      Deno.writeTextFileSync(path, old);
      assertEquals((await tower.run("install", "vault", "wget", "--new-sources")).code, 0);
      assertEquals((await tower.run("uninstall", "vault", "wget")).code, 0);
    });
    await t.step("a thin client that is killed while apk works leaves no way behind", async () => {
      const child = await place.start(runner, "install", "vault", "e2fsprogs");
      void child.stdout.cancel();
      let said = "";
      for await (const part of child.stderr) {
        said += new TextDecoder().decode(part);
        if (!said.includes("vault: install packages")) continue;
        child.kill("SIGKILL");
        break;
      }
      await child.ended;
      assertStringIncludes(said, "vault: install packages");
      await untouched.require();
      const { code, err } = await tower.run("install", "vault", "e2fsprogs");
      assertEquals(code, 0, err);
      assert(world().includes("e2fsprogs\n"));
    });
    await untouched.require();
  },
});
