import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { apkPath, packApk } from "../../tasks/compile/apk.ts";
import { compileAll } from "../../tasks/compile/compile_all.ts";
import { PROGRAMS } from "../../tasks/compile/programs.ts";
import { archiveProgram, assertReleasable, sbomOf, signSums } from "../../tasks/compile/release.ts";
import { armBootMissing, packedProgramWorks } from "../support/machine/arm_boot.ts";
import { BareRoot, minirootfs } from "../support/compile/bare_root.ts";
import { cacheFolder, COMPILE_TOOLS } from "../support/compile/compiled_smoke.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";
import { testEnv } from "../support/program/test_env.ts";
import { TEST_KEY } from "../support/apk/test_keys.ts";

const runner = denoRunner();

Deno.test({
  ...named(
    "a packed aarch64 program works on a kernel with 4K pages and no glibc",
    armBootMissing(runner),
  ),
  fn: () => packedProgramWorks(runner, "4K"),
});

const TOWER = PROGRAMS.filter(({ name }) => name === "tower");
const releaseTools = [...COMPILE_TOOLS, "xz", "unshare", "ssh-keygen"];
const noTools = releaseTools.filter((tool) => !runner.which(tool));
const noRelease = noTools.length > 0
  ? `${noTools.join(", ")} missing`
  : Deno.build.arch !== "x86_64"
  ? "needs an x86_64 machine"
  : Deno.uid() !== 0
  ? "needs root, for chroot"
  : minirootfs("x86_64") === undefined
  ? "no Alpine data; set TOWER_ORACLE_DATA"
  : undefined;

async function compileTower(output: string) {
  using env = testEnv({ runner });
  return await compileAll({
    targets: ["x86_64"],
    programs: TOWER,
    output,
    project: fromFileUrl(new URL("../..", import.meta.url)),
    env: { ...env, cacheDir: dirname(cacheFolder()) },
    deno: { path: Deno.execPath(), version: Deno.version.deno, machine: Deno.build.arch },
    isFresh: false,
  });
}

Deno.test({
  name: "compiled twice a program is the same; real apk installs it; archive and sums are right" +
    (noRelease === undefined ? "" : ` (skipped: ${noRelease})`),
  ignore: noRelease !== undefined,
  async fn() {
    using folder = tempFolder();
    using other = tempFolder();
    const [record] = await compileTower(folder.path);
    const [again] = await compileTower(other.path);
    assertEquals(record, again);

    // Real apk, with the key that the package was signed by and no network.
    const key = join(folder.path, TEST_KEY.trusted.name.replace(/\.pub$/, ""));
    await Deno.writeTextFile(key, TEST_KEY.secret.pem);
    const apk = await packApk(TOWER[0]!, record!, folder.path, key);
    assertEquals(apk, join(folder.path, apkPath(record!)));
    using root = await BareRoot.open(runner);
    await Deno.writeTextFile(
      join(root.path, "etc/apk/keys", TEST_KEY.trusted.name),
      TEST_KEY.trusted.pem,
    );
    await Deno.copyFile(apk, join(root.path, "tower.apk"));
    const script =
      "export PATH=$PATH:/sbin; apk add --no-network --repositories-file /dev/null /tower.apk && apk audit " +
      "--system; rm /tower.apk; exec tower --version";
    const { stdout } = await root.run({ uid: 0, argv: ["sh", "-ec", script] });
    assertStringIncludes(stdout, `tower ${record!.version} (commit ${record!.commit}`);

    const archive = await archiveProgram(record!, folder.path, runner);
    assertLess((await Deno.stat(join(folder.path, archive))).size, 32_000_000);
    const { stdout: listed } = await runner.run({
      argv: ["tar", "-tJf", archive],
      cwd: folder.path,
    });
    const names = new TextDecoder().decode(listed).trim().split("\n");
    const inside = `tower-${record!.version}-linux-x86_64`;
    assertEquals(names, ["/", "/NOTICES", "/tower", "/tower.json"].map((name) => inside + name));

    const ssh = join(folder.path, "id");
    await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh] });
    signSums(folder.path, [archive], ssh);
    const signer = `me ${await Deno.readTextFile(`${ssh}.pub`)}`;
    await Deno.writeTextFile(join(folder.path, "signers"), signer);
    await runner.run({
      argv: [
        ...["ssh-keygen", "-Y", "verify", "-n", "file", "-f", "signers", "-I", "me"] as const,
        ...["-s", "SHA256SUMS.sig"],
      ],
      cwd: folder.path,
      stdin: await Deno.readFile(join(folder.path, "SHA256SUMS")),
    });
    await runner.run({ argv: ["sha256sum", "-c", "SHA256SUMS"], cwd: folder.path });
    const sbom = JSON.parse(sbomOf([record!]));
    assertEquals(sbom.packages.map((p: { name: string }) => p.name), [
      "tower",
      record!.runtime.kind,
      "libc6",
      "libgcc-s1",
    ]);
    if (/-changed$|^unknown$/.test(record!.commit)) {
      const refusal = () => Promise.resolve().then(() => assertReleasable([record!]));
      const error = await assertRejects(refusal, TowerError);
      assertStringIncludes(error.message, "the sources are no commit");
    } else assertReleasable([record!]);
  },
});
