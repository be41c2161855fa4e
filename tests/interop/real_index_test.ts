import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { openEngine } from "../../build/engine.ts";
import { gatherInputs, resolveRequestOf } from "../../build/inputs.ts";
import { openRepositories } from "../../build/plan/indexes.ts";
import { solveWorld, wantedOf } from "../../build/plan/world.ts";
import { formatDependency } from "../../lib/apk/dependency.ts";
import { TowerError } from "../../lib/errors.ts";
import { silent } from "../../lib/report/event.ts";
import { exists, linkTarget } from "../../lib/store/files.ts";
import { alpineOracle, oracleData, oracleMissing } from "../support/alpine_oracle.ts";
import { testEnv } from "../support/test_env.ts";

/** The indexes of a whole real release, signed; its packages are not there. */
const RELEASE = "alpine-3.19";
const REPOSITORIES = ["main", "community"];

const data = join(oracleData() ?? "", RELEASE);
const missing = oracleMissing() ??
  (REPOSITORIES.every((name) => exists(join(data, `${name}.APKINDEX.tar.gz`)))
    ? undefined
    : `no ${RELEASE} in the Alpine data`);
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;

/** The release's repositories in a folder, as a mirror has them. */
function mirror(folder: string): string[] {
  return REPOSITORIES.map((name) => {
    Deno.mkdirSync(join(folder, name, "x86_64"), { recursive: true });
    const index = join(folder, name, "x86_64/APKINDEX.tar.gz");
    Deno.copyFileSync(join(data, `${name}.APKINDEX.tar.gz`), index);
    return join(folder, name);
  });
}

/** What a system wants of the release, and what the solver takes for it. */
async function chosen(system: string, keysFolder: string) {
  using env = testEnv();
  using opened = openEngine(env, { offline: false, json: false, jobs: 1 });
  const engine = { ...opened, reporter: silent };
  const request = {
    ...{ system, arch: "x86_64", repositories: mirror(env.dir), keysFolder },
    ...{ lockFile: undefined, frozen: false, offline: false, output: undefined, jobs: 1 },
  };
  const inputs = gatherInputs(request, env, engine.store);
  const asked = resolveRequestOf(inputs, keysFolder, env, undefined);
  const repositories = await openRepositories(asked, engine);
  const { world, missing, replaced } = wantedOf(asked, repositories);
  const packages = solveWorld(world, repositories, inputs.arch)
    .map(({ package: { name, version } }) => `${name}-${version}`);
  return { world: world.map(formatDependency), missing, replaced, packages };
}

/** Systems, and packages that only other packages or a list of optional ones bring. */
const SYSTEMS = {
  host: [
    "gummiboot-efistub",
    "nx-libs",
    "font-cursor-misc",
    "cryptsetup-libs",
    "linux-firmware-intel",
  ],
  lab: ["gummiboot-efistub", "mkinitfs", "kmod"],
};

for (const [system, some] of Object.entries(SYSTEMS)) {
  Deno.test({
    name: `of a real release real apk chooses for ${system} the packages that we do${skipped}`,
    ignore: missing !== undefined,
    async fn() {
      const found = await alpineOracle();
      if ("skip" in found) throw new Error(found.skip);
      await using oracle = found;
      // As Alpine lays them out: all keys, and a folder for each architecture.
      const ours = await chosen(system, join(oracle.root, "usr/share/apk/keys"));
      assertEquals(ours.missing, [], "the release has all that is optional");
      assertEquals(ours.replaced, [{ chosen: "gummiboot", absent: ["systemd-boot"] }]);
      const list = join(oracle.dir, "repositories");
      const repositories = mirror(join(oracle.dir, "mirror"));
      Deno.writeTextFileSync(list, repositories.map((path) => `${path}\n`).join(""));
      const theirs = await oracle.simulate(await oracle.emptyRoot(), list, ours.world);
      assertEquals(ours.packages, theirs);
      const names = ours.packages.map((text) => text.replace(/-[^-]+-r[0-9]+$/, ""));
      assertEquals(some.filter((name) => !names.includes(name)), []);
    },
  });
}

Deno.test({
  name: `a real index is refused by the real keys of another architecture${skipped}`,
  ignore: missing !== undefined,
  async fn() {
    const found = await alpineOracle();
    if ("skip" in found) throw new Error(found.skip);
    await using oracle = found;
    const keys = join(oracle.root, "usr/share/apk/keys/aarch64");
    assert(Deno.readDirSync(keys).every(({ name }) => linkTarget(join(keys, name))));
    const error = await assertRejects(() => chosen("lab", keys), TowerError);
    assertEquals(error.code, "untrusted");
    assertStringIncludes(error.hint ?? "", "--keys /usr/share/apk/keys");
    assertStringIncludes((error.cause as Error).message, "6165ee59.rsa.pub");
  },
});
