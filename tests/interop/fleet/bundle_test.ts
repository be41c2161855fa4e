import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { PackageTower, packageTowerMissing } from "../../support/fleet/package_tower.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();

Deno.test({
  ...named(
    "hosts get packages from a bundle where there is no Internet at all",
    packageTowerMissing(runner),
  ),
  async fn(t) {
    await using place = await PackageTower.create(runner, oracleData()!, ["keys"]);
    using folder = tempFolder();
    const { tower, roots } = place;
    const at = (name: string) => join(folder.path, name);
    const sshKey = async (name: string) => {
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name)] });
      return at(name);
    };
    const key = await sshKey("signer");
    const [request, bundle, twin] = [at("request"), at("wget.tower"), at("twin.tower")];
    const elsewhere = async (...words: string[]) => {
      const command = await place.elsewhere(runner, folder.path, ...words);
      const { stdout } = await runner.run(command);
      return new TextDecoder().decode(stdout);
    };
    const worlds = () =>
      Object.values(roots).map((root) => Deno.readTextFileSync(join(root, "etc/apk/world")));

    await t.step("what hosts have and want goes to a machine with Internet", async () => {
      const { code, err } = await tower.run("bundle", "ask", request, "vault", "keys", "wget");
      assertEquals([code, err.includes("Cannot")], [0, false], err);
      assertEquals(Deno.statSync(request).mode! & 0o777, 0o600);
      const made = await elsewhere("bundle", "create", bundle, "--asked", request, "--key", key);
      assertStringIncludes(made, "for keys, x86_64: wget\nfor vault, x86_64: wget\n");
      assertStringIncludes(made, "  wget-1.21.4-r0.apk, ");
      assert(!made.includes("musl"), "a bundle has only what hosts lack");
    });
    await t.step("the tower itself would have made the very same bytes", async () => {
      const words = ["bundle", "create", twin, "--for", "keys", "vault", "wget", "--key", key];
      const { code, err } = await tower.run(...words);
      assertEquals(code, 0, err);
      assertEquals(Deno.readFileSync(twin), Deno.readFileSync(bundle));
      Deno.removeSync(join(tower.env.cacheDir, "store"), { recursive: true });
    });
    // From here on nothing answers but the hosts.
    const asked = place.asked.length;
    Deno.renameSync(place.repository, `${place.repository}-away`);
    Deno.removeSync(join(tower.folder, "hosts/router"), { recursive: true });
    await t.step("sha256sum, ssh-keygen and apk can read it", async () => {
      Deno.mkdirSync(at("unpacked"));
      await runner.run({ argv: ["tar", "-xf", bundle, "-C", at("unpacked")] });
      await runner.run({
        argv: ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"],
        cwd: at("unpacked"),
      });
      Deno.writeTextFileSync(at("allowed"), `me ${Deno.readTextFileSync(`${key}.pub`)}`);
      await runner.run({
        argv: [
          ...["ssh-keygen", "-Y", "verify", "-f", at("allowed"), "-I", "me", "-n", "file"] as const,
          ...["-s", at("unpacked/SHA256SUMS.sig")],
        ],
        stdin: Deno.readFileSync(at("unpacked/SHA256SUMS")),
      });
      const inside = join(place.root, "unpacked");
      await runner.run({ argv: ["cp", "-r", at("unpacked"), inside] });
      const { stdout } = await runner.run({
        argv: [
          ...["chroot", place.root, "/sbin/apk", "--repositories-file", "/dev/null"] as const,
          ...["--repository", "/unpacked/repositories/0", "--keys-dir", "/unpacked/keys"],
          ...["--no-network", "add", "--simulate", "wget"],
        ],
      });
      assertStringIncludes(new TextDecoder().decode(stdout), "wget (1.21.4-r0)");
      Deno.removeSync(inside, { recursive: true });
    });
    await t.step("it is not taken from anybody whom nobody trusts", async () => {
      const unknown = await tower.run("install", "vault", "--from", bundle);
      assertEquals(unknown.code, 1);
      assertStringIncludes(unknown.err, "nobody is known who may sign one");
      const other = await sshKey("other");
      const { code, err } = await tower.run(
        ...["install", "vault", "--from", bundle, "--signers", `${other}.pub`],
      );
      assertEquals(code, 1);
      assertStringIncludes(err, "which is not trusted");
    });
    Deno.copyFileSync(`${key}.pub`, join(tower.folder, "image_signers"));
    await t.step("show tells what it has, for whom, and by whom", async () => {
      const { code, out } = await tower.run("bundle", "show", bundle);
      assertEquals(code, 0);
      assertStringIncludes(out, "for vault, x86_64: wget\n");
      assertStringIncludes(out, ", who may\n");
      const shown = JSON.parse((await tower.run("bundle", "show", bundle, "--json")).out);
      assertEquals(shown.trusted, true);
      assert(shown.files.some(({ file }: { file: string }) => file === "wget-1.21.4-r0.apk"));
    });
    await t.step("what it lacks is told before anything is changed", async () => {
      const before = worlds();
      const { code, err } = await tower.run("install", "vault", "iw", "--from", bundle);
      assertEquals(code, 1);
      assertStringIncludes(err, "it lacks libnl3-3.9.0-r0, iw-5.19-r1\n");
      assertEquals(worlds(), before);
    });
    await t.step("a plan is shown, and done on both hosts as it was asked for", async () => {
      const dry = await tower.run("install", "vault", "keys", "--from", bundle, "--dry-run");
      assertEquals(dry.code, 0, dry.err);
      assertStringIncludes(dry.out, "keys: add wget-1.21.4-r0, ");
      const { code, err } = await tower.run("install", "vault", "keys", "--from", bundle);
      assertEquals([code, err.includes("Cannot")], [0, false], err);
      for (const [host, root] of Object.entries(roots)) {
        const world = Deno.readTextFileSync(join(root, "etc/apk/world"));
        assertStringIncludes(world, "wget\n");
        assertEquals(Deno.readTextFileSync(join(tower.folder, "hosts", host, "world")), world);
      }
      const { stdout } = await runner.run({
        argv: ["chroot", place.root, "/usr/bin/wget", "--version"],
      });
      assertStringIncludes(new TextDecoder().decode(stdout), "GNU Wget 1.21.4");
    });
    await t.step("what came that way is kept for --offline", async () => {
      assertStringIncludes((await tower.run("cache")).out, "wget-1.21.4-r0  x86_64");
      assertEquals((await tower.run("uninstall", "keys", "wget")).code, 0);
      const { code, err } = await tower.run("install", "keys", "wget", "--offline");
      assertEquals([code, err.includes("Cannot")], [0, false], err);
    });
    assertEquals(place.asked.length, asked);
  },
});
