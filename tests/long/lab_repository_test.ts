import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { formatPackageInfo, parsePackageInfo } from "../../lib/apk/package_info.ts";
import { inOneBreath } from "../../lib/breathe.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { silent } from "../../lib/report/event.ts";
import { aptSource } from "../../tasks/lab/apt.ts";
import { appletPaths } from "../../tasks/lab/busybox_applets.ts";
import { closureOf } from "../../tasks/lab/closure.ts";
import { planPackage } from "../../tasks/lab/package_plan.ts";
import { type PackageSet, recipesFor } from "../../tasks/lab/recipe.ts";
import { makeRepository } from "../../tasks/lab/repository.ts";
import { lab } from "../../tasks/lab/table.ts";
import { alpineOracle, oracleMissing } from "../support/apk/alpine_oracle.ts";
import { debianFolder } from "../support/build/debian_files.ts";

const OWN_FILES = fromFileUrl(new URL("../../tasks/lab/packages", import.meta.url).href);

/** A few small packages that have what a set can have: own files, a split, moves, scripts. */
const SMALL: PackageSet = {
  ...lab,
  roots: ["busybox-static", "kmod", "syslinux-common"],
  recipes: lab.recipes.filter(({ name }) =>
    ["alpine-baselayout", "busybox", "kmod", "syslinux-common"].includes(name)
  ),
};

const runner = denoRunner();

const APT = aptSource({ runner, architecture: "amd64", variables: {} });

function aptMissing(): string | undefined {
  for (const program of ["apt-cache", "apt-get", "dpkg-deb"]) {
    if (runner.which(program) === undefined) return `needs Debian's ${program}`;
  }
  const lists = [...Deno.readDirSync("/var/lib/apt/lists")].some(({ name }) =>
    name.includes("_Packages")
  );
  return lists ? undefined : "apt has no package lists: run apt-get update";
}

/** The table is written for one release; on another the task warns. */
function otherRelease(): string | undefined {
  const isKnown = /^VERSION_ID="?12"?$/m.test(Deno.readTextFileSync("/etc/os-release"));
  return isKnown ? undefined : "needs Debian 12";
}

function named(name: string, missing: string | undefined) {
  return missing === undefined
    ? { name, ignore: false }
    : { name: `${name} (skipped: ${missing})`, ignore: true };
}

function make(folder: string, set: PackageSet, breathe = inOneBreath) {
  return makeRepository({ set, folder, ownFiles: OWN_FILES, runner, reporter: silent, breathe });
}

async function inTemporary(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tower-lab-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Names and digests of all files below `x86_64`. */
async function packagesIn(folder: string): Promise<Record<string, string>> {
  const { stdout } = await runner.run({
    argv: ["sh", "-c", "sha256sum *"],
    cwd: join(folder, "x86_64"),
  });
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split("  ").reverse()));
}

Deno.test({
  ...named(
    "a signal is heard while a package is packed, and nothing unfinished stays",
    aptMissing(),
  ),
  fn: () =>
    inTemporary(async (folder) => {
      let breaths = 0;
      const ended = new DOMException("ended", "AbortError");
      const breathe = () => ++breaths > 20 ? Promise.reject(ended) : Promise.resolve();
      assertEquals(await make(folder, SMALL, breathe).catch((error) => error), ended);
      const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assertEquals(left.filter((name) => name.startsWith(".")), []);
    }),
});

Deno.test({
  ...named("the same .debs and key give the same bytes, whatever the umask", aptMissing()),
  fn: () =>
    inTemporary(async (folder) => {
      const [one, two] = [join(folder, "one"), join(folder, "two")];
      await make(one, SMALL);
      Deno.mkdirSync(join(two, "keys"), { recursive: true });
      Deno.copyFileSync(join(one, "keys/lab.rsa"), join(two, "keys/lab.rsa"));
      const umask = Deno.umask(0o077);
      try {
        await make(two, SMALL);
      } finally {
        Deno.umask(umask);
      }
      const made = await packagesIn(one);
      assert(Object.keys(made).includes("APKINDEX.tar.gz"));
      assertEquals(await packagesIn(two), made);
    }),
});

Deno.test({
  ...named(
    "a second run makes nothing, and what was damaged or left over is put right",
    aptMissing(),
  ),
  fn: () =>
    inTemporary(async (folder) => {
      const first = await make(folder, SMALL);
      assertEquals(first.made, first.packages);
      const before = await packagesIn(folder);
      assertEquals((await make(folder, SMALL)).made, 0);
      const target = join(folder, "x86_64");
      const busybox = Object.keys(before).find((name) => name.startsWith("busybox-"))!;
      Deno.truncateSync(join(target, busybox), 100);
      Deno.writeTextFileSync(join(target, "stale-1-r0.apk"), "");
      assertEquals((await make(folder, SMALL)).made, 1);
      assertEquals(await packagesIn(folder), before);
    }),
});

Deno.test({
  ...named(
    "only its owner reads the private key, and another folder has another key",
    aptMissing(),
  ),
  fn: () =>
    inTemporary(async (folder) => {
      const none: PackageSet = { ...SMALL, roots: ["busybox-static"], recipes: [] };
      const names: string[] = [];
      for (const place of ["one", "two"].map((name) => join(folder, name))) {
        const { keys } = await make(place, none);
        const mode = (path: string) => Deno.statSync(join(place, path)).mode! & 0o777;
        assertEquals([mode("keys"), mode("keys/lab.rsa")], [0o700, 0o600]);
        const [key, ...more] = [...Deno.readDirSync(keys)].map(({ name }) => name);
        assertEquals(more, []);
        assertMatch(key!, /^tower-lab-[0-9a-f]{8}\.rsa\.pub$/);
        names.push(key!);
      }
      assertNotEquals(names[0], names[1]);
    }),
});

const BUSYBOX_FILES = ["bin/busybox", "bin/sh", "etc/busybox-paths.d/busybox"];

Deno.test({
  ...named(
    "real apk verifies, installs and audits packages made of Debian's",
    aptMissing() ?? oracleMissing(),
  ),
  fn: () =>
    inTemporary(async (folder) => {
      const oracle = await alpineOracle();
      if ("skip" in oracle) throw new Error(oracle.skip);
      await using _ends = oracle;
      const { keys } = await make(folder, SMALL);
      const target = join(folder, "x86_64");
      const files = [...Deno.readDirSync(target)].map(({ name }) => name)
        .filter((name) => name.endsWith(".apk")).map((name) => join(target, name));
      const verified = await oracle.apk("--keys-dir", keys, "verify", ...files);
      assertEquals(verified.code, 0, verified.stdout + verified.stderr);

      const root = await oracle.emptyRoot();
      const common = ["--root", root, "--keys-dir", keys, "--repository", folder, "--no-cache"];
      const world = ["alpine-baselayout", "kmod", "syslinux-common"];
      const added = await oracle.apk(...common, "--no-scripts", "add", ...world);
      assertEquals(added.code, 0, added.stderr);
      for (const path of [...BUSYBOX_FILES, "usr/share/syslinux/gptmbr.bin", "sbin/depmod"]) {
        assert(Deno.lstatSync(join(root, path)), path);
      }
      const applets = Deno.readTextFileSync(join(root, "etc/busybox-paths.d/busybox"));
      for (const applet of ["sbin/init", "bin/ls", "usr/bin/wget"]) {
        assert(applets.split("\n").includes(applet), applet);
      }
      const audit = await oracle.apk("--root", root, "audit", "--system");
      assertEquals([audit.code, audit.stdout], [0, ""]);
    }),
});

Deno.test({
  ...named("applets are read from busybox as it lists them itself", aptMissing()),
  fn: async () => {
    const folder = await debianFolder(runner, "busybox-static");
    const program = join(folder, "bin/busybox");
    const { stdout } = await runner.run({ argv: [program, "--list-full"] });
    const listed = new TextDecoder().decode(stdout).trim().split("\n");
    const read = appletPaths(Deno.readFileSync(program));
    assert(read.length > 200, `${read.length}`);
    assertEquals(read, listed);
  },
});

Deno.test({
  ...named("the lab's table holds for the Debian release at hand", aptMissing() ?? otherRelease()),
  fn: async () => {
    const closure = await closureOf(lab.roots, lab.omitted, APT);
    const recipes = recipesFor(lab, closure);
    const context = { arch: "x86_64", closure, omitted: lab.omitted, recipes };
    const plans = recipes.map((recipe) => planPackage(recipe, context));
    for (const plan of plans) {
      const info = { ...plan, installedSize: 1, buildTime: 1 };
      assertEquals(parsePackageInfo(formatPackageInfo(info)).name, plan.name);
    }
    for (const name of ["linux-virt", "openrc", "openssh-server", "iptables", "alpine-base"]) {
      assert(plans.some((plan) => plan.name === name), name);
    }
    // Nothing is left out for a reason that no longer exists.
    const wanted = new Set(
      [...closure.values()].flatMap((p) => p.depends.flat()).map((r) => r.name),
    );
    assertEquals(Object.keys(lab.omitted).filter((name) => !wanted.has(name)), []);
  },
});
