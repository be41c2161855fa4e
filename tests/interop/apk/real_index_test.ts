import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { exists, linkTarget } from "../../../lib/files/files.ts";
import { alpineOracle, oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { chosenPackages } from "../../support/apk/chosen_packages.ts";

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

/** What we choose for a system of the release, as `name-version`. */
async function chosen(folder: string, system: string, keysFolder: string) {
  const source = { arch: "x86_64", repositories: mirror(folder), keysFolder } as const;
  const { packages, ...rest } = await chosenPackages(system, source);
  return { ...rest, packages: packages.map(({ name, version }) => `${name}-${version}`) };
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
      const ours = await chosen(
        join(oracle.dir, "ours"),
        system,
        join(oracle.root, "usr/share/apk/keys"),
      );
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
    const error = await assertRejects(
      () => chosen(join(oracle.dir, "ours"), "lab", keys),
      TowerError,
    );
    assertEquals(error.code, "untrusted");
    assertStringIncludes(error.hint ?? "", "--keys /usr/share/apk/keys");
    assertStringIncludes((error.cause as Error).message, "6165ee59.rsa.pub");
  },
});
