import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { parse } from "yaml";
import { manifestFiles } from "../../../build/inputs/inputs.ts";
import type { BuildRecord } from "../../../lib/release/record.ts";
import type { Arch } from "../../../lib/brand.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { exists, readText } from "../../../lib/files/files.ts";
import { alpineOracle, type Oracle } from "../../support/apk/alpine_oracle.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { RealMirror } from "../../support/real_mirror/real_mirror.ts";
import { releaseMissing } from "../../support/real_mirror/release_index.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const runner = denoRunner();
const missing = releaseMissing() ?? rootMissing();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;

/** A system of one's own, of packages whose scripts do more than the shipped systems' do. */
const SMALL = {
  name: "small",
  arches: ["x86_64"],
  stages: [{
    kind: "packages",
    world: ["alpine-base", "bash", "dhcpcd", "nginx", "tiny-cloud-alpine"],
  }],
  outputs: [{ kind: "tar", file: "root.tar" }],
};

/** A shipped system that is also written as a tar, and not compressed, which takes long. */
function withTar(system: string) {
  const files = manifestFiles(Deno.cwd());
  const { outputs } = parse(files.readText(files.systemPath(system)!));
  const plain = outputs.map((output: { file: string }) => ({
    ...output,
    ...(output.file.includes("{") ? { compression: "none" } : {}),
  }));
  return { name: system, extends: system, outputs: [...plain, { kind: "tar", file: "root.tar" }] };
}

/** A system that was built from a mirror, unpacked. */
interface Built {
  readonly root: string;
  readonly record: BuildRecord;
}

/** Builds a system without a decision about any script, and unpacks it. */
async function built(
  program: TestProgram,
  mirror: RealMirror,
  manifest: { readonly name: string },
): Promise<Built> {
  const { name } = manifest;
  program.write(`${name}.yaml`, JSON.stringify(manifest));
  const { code, err } = await program.run(
    ...["build", `${name}.yaml`, "--arch", mirror.arch, "--keys", mirror.keysFolder],
    ...mirror.repositories.flatMap((folder) => ["--repository", folder]),
    ...["--output", `out-${name}`],
  );
  assertEquals(code, 0, err);
  const root = program.path(`root-${name}`);
  Deno.mkdirSync(root);
  const tar = program.path(`out-${name}/root.tar`);
  await runner.run({ argv: ["tar", "--numeric-owner", "--xattrs", "-xpf", tar, "-C", root] });
  const record = JSON.parse(readText(program.path(`out-${name}/record.json`), 1 << 24));
  return { root, record };
}

const scriptsOf = ({ scripts }: BuildRecord) =>
  scripts.map(({ package: name, script, did }) => `${name} ${script} ${did}`);

/** What every system with alpine-base does first, and once all packages are there. */
const BASE = [
  "busybox post-install native",
  "alpine-baselayout pre-install native",
  "alpine-baselayout post-install native",
  "openrc post-install native",
];
const HOST = [
  ...BASE,
  "chrony pre-install native",
  "dnsmasq pre-install native",
  "fontconfig pre-install native",
  "tor pre-install native",
  "busybox trigger native",
  "fontconfig trigger native",
  "mkfontscale trigger first-boot",
  "kmod trigger depmod",
  "mkinitfs trigger replaced",
];
const LAB = [
  ...BASE,
  "busybox trigger native",
  "kmod trigger depmod",
  "mkinitfs trigger replaced",
  "syslinux trigger replaced",
];

/** What bbsuid serves: these run as root for everybody. */
const SETUID = [
  ...["bin/mount", "bin/su", "bin/umount", "usr/bin/crontab", "usr/bin/passwd"],
  ...["usr/bin/traceroute", "usr/bin/traceroute6", "usr/bin/vlock"],
];

/** What 3.19 does not have yet; gummiboot is taken in its place. */
const OLDER = ["systemd-boot"];

/** What holds for every root of Alpine. */
function checkRoot({ root, record }: Built, missing: readonly string[] = []): void {
  for (const path of SETUID) assertEquals(Deno.readLinkSync(join(root, path)), "/bin/bbsuid", path);
  assertEquals((Deno.lstatSync(join(root, "bin/bbsuid")).mode ?? 0) & 0o7777, 0o4111);
  assertEquals(Deno.readLinkSync(join(root, "bin/ls")), "/bin/busybox");
  const { mode, uid, gid } = Deno.lstatSync(join(root, "etc/shadow"));
  assertEquals([(mode ?? 0) & 0o7777, uid, gid], [0o640, 0, 42]);
  assertEquals(record.scripts.filter(({ did }) => did === "skipped"), []);
  assertEquals(record.missing ?? [], [...missing]);
}

/** What holds for the disk of a host: what starts it, and which scripts wait for that. */
function checkHost({ root, record }: Built, loaders: readonly string[]): void {
  assertEquals(record.artifacts[0]!.loaders, [...loaders]);
  const waiting = join(root, "usr/lib/tower/first-boot.d");
  assertEquals([...Deno.readDirSync(waiting)].map(({ name }) => name).sort(), [
    "01-mkfontscale.trigger",
    "01-mkfontscale.trigger.args",
  ]);
  const args = readText(join(waiting, "01-mkfontscale.trigger.args"), 4096).trim().split("\n");
  assertEquals(args, ["dejavu", "encodings", "misc"].map((name) => `/usr/share/fonts/${name}`));
  const service = readText(join(root, "etc/passwd"), 1 << 16).split("\n")
    .filter((line) => /^(?:chrony|dnsmasq|fontconfig|tor):/.test(line));
  assertEquals(service.length, 4);
}

/** What real apk says of a root; its errors are none of ours. */
function apkOn(oracle: Oracle, mirror: RealMirror, root: string) {
  const list = join(oracle.dir, "repositories");
  Deno.writeTextFileSync(list, mirror.repositories.map((path) => `${path}\n`).join(""));
  return async (...args: string[]) => {
    const result = await oracle.apk(
      ...["--root", root, "--arch", mirror.arch, "--no-network", "--repositories-file", list],
      ...args,
    );
    assertEquals([result.code, result.stderr], [0, ""], `apk ${args.join(" ")}`);
    return result.stdout.split("\n").filter((line) => line !== "");
  };
}

/** What stages add to the files of packages, which apk's audit tells as added or as a directory. */
const OF_STAGES: readonly RegExp[] = [
  /^A boot\/initramfs-[a-z]+$/, // the initramfs stage
  /^A lib\/modules\/[^/]+\/modules\.[a-z.]+$/, // the kernel stage
  /^A etc\/init\.d\/tower-[a-z-]+$/, // the host's own services, and that of scripts that wait
  /^[Ad] usr\/lib\/tower\//, // what these run
];

/** Real apk finds nothing to mend, and goes on: it installs, with scripts, and removes again. */
async function checkWithApk(oracle: Oracle, mirror: RealMirror, { root, record }: Built) {
  const apk = apkOn(oracle, mirror, root);
  const names = record.packages.map(({ name, version }) => `${name}-${version}`);
  const installed = await apk("info", "-v");
  assertEquals(installed.filter((name) => !name.startsWith(".initramfs-")).sort(), names.sort());
  assertEquals(await apk("audit", "--system"), []);
  const full = await apk("audit", "--full", "--recursive", "--ignore-busybox-symlinks");
  assertEquals(full.filter((line) => !OF_STAGES.some((of) => of.test(line))), []);

  // The system's scripts write to it; a device is nothing that a package or stage brings.
  await runner.run({ argv: ["mknod", "-m", "666", join(root, "dev/null"), "c", "1", "3"] });
  const added = (await apk("add", "bash", "dhcpcd", "nginx")).join("\n");
  for (const script of ["bash-.*post-install", "dhcpcd-.*pre-install", "nginx-.*post-install"]) {
    assertMatch(added, new RegExp(`Executing ${script}`));
  }
  assertMatch(readText(join(root, "etc/shells"), 4096), /^\/bin\/bash$/m);
  assertMatch(readText(join(root, "etc/passwd"), 1 << 16), /^nginx:x:\d+:\d+:nginx:/m);
  assertEquals(exists(join(root, "etc/nginx/http.d/default.conf")), true);
  assertEquals(await apk("audit", "--system"), []);
  await apk("del", "bash", "dhcpcd", "nginx");
  assertEquals((await apk("info", "-v")).sort(), installed.sort());
}

function test(name: string, fn: (program: TestProgram) => Promise<void>): void {
  Deno.test({
    name: name + skipped,
    ignore: missing !== undefined,
    async fn() {
      using program = new TestProgram();
      await fn(program);
    },
  });
}

test("a real release's metadata and packages build host, lab and a system of one's own for a PC without a decision, and real apk goes on with them", async (program) => {
  const found = await alpineOracle();
  if ("skip" in found) throw new Error(found.skip);
  await using oracle = found;
  const mirror = new RealMirror(program.path("mirror"), "x86_64");
  await mirror.fill(["host", "lab"], SMALL.stages[0]!.world);
  assertEquals(mirror.real.size > 60, true, `${mirror.real.size} real packages`);

  const host = await built(program, mirror, withTar("host"));
  checkRoot(host, OLDER);
  checkHost(host, ["syslinux", "systemd-boot"]);
  assertEquals(scriptsOf(host.record), [...HOST, "syslinux trigger replaced"]);
  await checkWithApk(oracle, mirror, host);

  const lab = await built(program, mirror, withTar("lab"));
  checkRoot(lab, OLDER);
  assertEquals(scriptsOf(lab.record), LAB);
  await checkWithApk(oracle, mirror, lab);

  const small = await built(program, mirror, SMALL);
  checkRoot(small);
  assertEquals(scriptsOf(small.record), [
    ...BASE,
    "bash post-install native",
    "dhcpcd pre-install native",
    "nginx pre-install native",
    "nginx post-install native",
    "tiny-cloud-nocloud post-install native",
    "tiny-cloud-alpine post-install native",
    "busybox trigger native",
  ]);
});

const ARM: readonly (readonly [Arch, Readonly<Record<string, readonly string[]>>])[] = [
  ["aarch64", { host: ["raspberrypi"], "host-uefi": ["systemd-boot"] }],
  ["armv7", { host: ["raspberrypi"] }],
];

for (const [arch, systems] of ARM) {
  const names = Object.keys(systems);
  test(`the same metadata builds ${names.join(" and ")} for ${arch} without a decision`, async (program) => {
    const mirror = new RealMirror(program.path("mirror"), arch);
    await mirror.fill(names);
    for (const [system, loaders] of Object.entries(systems)) {
      const it = await built(program, mirror, withTar(system));
      checkRoot(it, loaders.includes("systemd-boot") ? OLDER : []);
      checkHost(it, loaders);
      const loader = "raspberrypi-bootloader-common trigger replaced";
      assertEquals(scriptsOf(it.record), system === "host" ? [...HOST, loader] : HOST);
    }
  });
}
