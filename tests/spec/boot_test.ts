import { assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { namedImage } from "../../build/boot/boot_image.ts";
import { imagesOfBuild } from "../../lib/release/built_images.ts";
import { findHostImage } from "../../lib/release/find_image.ts";
import { writeSampleEnv } from "../../build/boot/sample_host.ts";
import { parseTowerEnv } from "../../lib/tower_env/tower_env.ts";
import { TowerError } from "../../lib/errors.ts";
import { exists, readBytes } from "../../lib/files/files.ts";
import { OVMF_FILES, SECURE_BOOT_FILES } from "../../lib/qemu/machine.ts";
import { probeSector } from "../../lib/qemu/kvm_probe.ts";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { named } from "../support/program/missing_programs.ts";
import { testEnv } from "../support/program/test_env.ts";
import { TestProgram } from "../support/program/test_program.ts";

const IMAGE = { kind: "disk", mediaType: "application/vnd.efi.img" };
const DIGEST = `sha256:${"a".repeat(64)}`;

/** Lays what a build of a disk leaves, but for the image's contents. */
function layBuild(builds: string, name: string, arch: string, loaders: readonly string[]): string {
  const folder = join(builds, `${name}-${arch}`);
  Deno.mkdirSync(folder, { recursive: true });
  const file = `${name}-1.0-20260102030405.img.zst`;
  const disk = { ...IMAGE, file, digest: DIGEST, size: 1, commandLine: "quiet", loaders };
  const record = {
    ...{ version: 2, plan: DIGEST, lock: DIGEST, system: name, arch, epoch: 0, scripts: [] },
    ...{ builder: { name: "tower-build", version: "1" }, packages: [], artifacts: [disk] },
  };
  Deno.writeTextFileSync(join(folder, "record.json"), JSON.stringify(record));
  Deno.writeTextFileSync(join(folder, file), "");
  return join(folder, file);
}

Deno.test("boot takes a file, or the last build of a system in the builds folder", () => {
  using env = testEnv();
  const builds = join(env.cacheDir, "builds");
  const arm = layBuild(builds, "demo", "aarch64", ["systemd-boot"]);
  assertEquals(namedImage("demo", undefined, env).path, arm);
  const pc = layBuild(builds, "demo", "x86_64", ["syslinux"]);
  assertEquals(namedImage("demo", undefined, env), {
    path: pc,
    arch: "x86_64",
    loaders: ["syslinux"],
    partitions: undefined,
  });
  assertEquals(namedImage("demo", "aarch64", env).path, arm);
  assertEquals(namedImage(arm, undefined, env).arch, "aarch64");
  Deno.writeTextFileSync(join(env.cwd, "demo"), "");
  assertEquals(namedImage("demo", undefined, env).path, join(env.cwd, "demo"));
});

Deno.test("tower takes the image that a record names, and reads no record that others may write to", () => {
  using env = testEnv();
  const below = { cwd: env.home, cacheDir: join(env.home, "cache"), home: env.home };
  const told: string[] = [];
  const find = () => findHostImage(below, (reason) => told.push(reason));
  const builds = join(env.home, "builds");
  const image = layBuild(builds, "host", "x86_64", ["syslinux"]);
  assertEquals([find(), told], [image, []]);
  const record = join(image, "../record.json");
  Deno.chmodSync(record, 0o666);
  assertThrows(find, TowerError, "Cannot find an image of a host");
  assertEquals(told, [`${record} was passed over: others may write to "${record}"`]);
  Deno.chmodSync(record, 0o644);
  const other = layBuild(builds, "host", "aarch64", ["raspberrypi"]);
  assertThrows(find, TowerError, "Cannot choose an image");
  Deno.removeSync(image);
  assertEquals(find(), other);
});

Deno.test("boot does not choose among the images of one build", () => {
  using env = testEnv();
  const image = layBuild(join(env.cacheDir, "builds"), "demo", "x86_64", ["syslinux"]);
  const file = join(image, "../record.json");
  const record = JSON.parse(Deno.readTextFileSync(file));
  record.artifacts.push({ ...record.artifacts[0], file: "demo-uefi.img" });
  Deno.writeTextFileSync(file, JSON.stringify(record));
  assertEquals(namedImage("demo", undefined, env).path, image);
  Deno.writeTextFileSync(join(image, "../demo-uefi.img"), "");
  const error = assertThrows(() => namedImage("demo", undefined, env), TowerError);
  assertEquals(error.message, 'Cannot boot "demo": its build has 2 images');
  assertEquals(error.hint, `name one: ${image}, ${join(image, "../demo-uefi.img")}`);
});

Deno.test("boot says what to build where there is no image, and what no machine here starts", async () => {
  using program = new TestProgram();
  assertEquals((await program.fails("boot", "host", "--arch", "aarch64")).error, [
    'error: Cannot find an image of "host" for aarch64 in "DIR/cache/builds"',
    "  hint: build one with: tower-build build host --arch aarch64",
  ]);
  assertEquals((await program.fails("boot", "host.img")).error, [
    'error: Cannot boot "DIR/cwd/host.img": it is not there',
  ]);
  layBuild(join(program.env.cacheDir, "builds"), "card", "aarch64", ["raspberrypi"]);
  const [message] = (await program.fails("boot", "card")).error;
  assertMatch(message!, /^error: Cannot boot ".*": only a Raspberry Pi starts it$/);
  layBuild(join(program.env.cacheDir, "builds"), "data", "x86_64", []);
  const [idle] = (await program.fails("boot", "data")).error;
  assertMatch(idle!, /^error: Cannot boot ".*": it has no boot loader$/);
});

Deno.test("boot tells of a compressed image how far it is decompressed", async () => {
  const runner = new RecordingRunner({ "qemu-system-x86_64": {} });
  using program = new TestProgram({
    runner,
    isTerminal: true,
    columns: 200,
    variables: { TERM: "xterm" },
  });
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const large = Array.from({ length: 1000 }, () => noise);
  const packed = new Blob(large).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(program.path("noise.gz"), packed);
  const { err } = await program.run("boot", "noise.gz");
  assertMatch(err, /decompress noise\.gz {2}\[#+\.*\] +[0-9]+ ?%/);
  assertMatch(err, /decompress noise\.gz: [0-9.]+ s\n/);
});

Deno.test("what no firmware starts is refused before QEMU starts, and too little memory too", async () => {
  const runner = new RecordingRunner({ "qemu-system-x86_64": {} });
  using program = new TestProgram({ runner });
  program.write("noise", "noise\n".repeat(10_000));
  program.write("empty", "");
  program.write("my.yaml", "name: my\nextends: lab\n");
  const nothing = "it has no boot sector, no partition table and no ISO 9660 volume";
  const named = "  hint: name a disk image, or a system that was built";
  for (
    const [image, why, hint] of [
      ["noise", nothing, named],
      ["empty", nothing, named],
      [".", "it is a folder", named],
      ["my.yaml", nothing, "  hint: build it first: tower-build build DIR/cwd/my.yaml"],
    ] as const
  ) {
    const path = image === "." ? "DIR/cwd" : `DIR/cwd/${image}`;
    assertEquals(await program.fails("boot", image), {
      code: 1,
      error: [`error: Cannot boot "${path}": ${why}`, hint],
    });
  }
  const { code, err } = await program.run("boot", "noise", "--memory", "1");
  assertEquals(code, 2);
  assertMatch(err, /it must be a number of MiB from 128 to 1048576/);
  assertEquals(runner.commands, []);
});

Deno.test("boot tells what starts, how to leave and the line that logs in", async () => {
  const runner = new RecordingRunner({ "qemu-system-x86_64": {} });
  using program = new TestProgram({ runner });
  program.write("my key", "");
  Deno.writeFileSync(program.path("disk.img"), probeSector());
  const boot = async (...more: string[]) => {
    const { code, err } = await program.run("boot", "disk.img", "--accelerator", "tcg", ...more);
    assertEquals(code, 0, err);
    return err.split("\n").slice(0, -1);
  };
  const lines = await boot("--forward", "2222:22", "--identity", "my key");
  assertEquals(lines[0], "Booting DIR/cwd/disk.img (x86_64, BIOS, emulated, 512 MiB)");
  assertEquals(lines[2], "To leave: Ctrl-A, then X (Ctrl-C goes to the machine)");
  assertEquals(
    lines[3],
    "Once it is up, from another terminal: ssh -p 2222 -i 'DIR/cwd/my key' -o IdentitiesOnly=yes " +
      "-o UserKnownHostsFile=DIR/cache/boot/known_hosts-2222 -o GlobalKnownHostsFile=/dev/null " +
      "-o StrictHostKeyChecking=accept-new -o LogLevel=ERROR -o ProxyJump=none " +
      "-o RemoteCommand=none -o ControlPath=none root@127.0.0.1",
  );
  const known = join(program.env.cacheDir, "boot/known_hosts-2222");
  Deno.writeTextFileSync(known, "the key of the machine before\n");
  await boot("--forward", "2222:22");
  assertEquals(Deno.readTextFileSync(known), "");
  assertEquals((await boot("--forward", "8080:80"))[3], (await boot())[3]);
});

Deno.test("an image starts by UEFI where its record names no loader that a BIOS starts", async () => {
  const runner = new RecordingRunner({ "qemu-system-x86_64": {} });
  using program = new TestProgram({ runner });
  const ways = [[["syslinux", "systemd-boot"], "BIOS"], [["systemd-boot"], "UEFI"], [[
    "EFI/BOOT/BOOTX64.EFI",
  ], "UEFI"]] as const;
  for (const [loaders, way] of ways) {
    const packed = layBuild(join(program.env.cacheDir, "builds"), "demo", "x86_64", loaders);
    const image = packed.replace(/\.zst$/, "");
    Deno.renameSync(packed, image);
    Deno.writeFileSync(image, probeSector());
    const record = join(packed, "../record.json");
    Deno.writeTextFileSync(record, Deno.readTextFileSync(record).replace(".img.zst", ".img"));
    const { err } = await program.run("boot", "demo", "--accelerator", "tcg");
    if (way === "BIOS" || OVMF_FILES.some((file) => exists(file))) {
      assertMatch(err, new RegExp(`^Booting \\S+ \\(x86_64, ${way}`));
    } else assertMatch(err, /Cannot find a UEFI firmware/);
  }
});

Deno.test({
  ...named(
    "Secure Boot is tried by a machine that has learnt the image's keys from it",
    SECURE_BOOT_FILES.x86_64.some(({ code }) => exists(code)) ? undefined : "no OVMF",
  ),
  async fn() {
    const boot = ["boot", "disk.img", "--firmware", "secure-boot", "--accelerator", "tcg"];
    const runner = new RecordingRunner({ "qemu-system-x86_64": {} });
    using program = new TestProgram({ runner });
    Deno.writeFileSync(program.path("disk.img"), probeSector());
    const { code, err } = await program.run(...boot, "--write");
    assertEquals(code, 0, err);
    assertMatch(err, /^Booting \S+ once, for the firmware to learn its keys\n/);
    assertMatch(err, /UEFI with Secure Boot, emulated/);
    const [enrols, checks] = runner.commands.map(({ argv }) => argv.join(" "));
    assertEquals(runner.commands.length, 2);
    const variables = /file=(\S+\/variables)/;
    assertEquals(variables.exec(enrols!)![1], variables.exec(checks!)![1]);
    assertMatch(enrols!, /snapshot=on/);
    assertNotMatch(checks!, /snapshot=on/);
    for (const line of [enrols, checks]) assertMatch(line!, /property=secure,value=on/);

    const broken = new RecordingRunner({ "qemu-system-x86_64": { code: 1 } });
    using failing = new TestProgram({ runner: broken });
    Deno.writeFileSync(failing.path("disk.img"), probeSector());
    assertEquals(
      (await failing.fails(...boot)).error[0],
      'error: Cannot enrol the keys of "DIR/cwd/disk.img": its machine failed',
    );
    assertEquals(broken.commands.length, 1);
  },
});

Deno.test("a sample host's tower.env is a good one, and its key is made once", () => {
  using env = testEnv();
  for (const role of ["router", "online", "offline"] as const) {
    const { file, key } = writeSampleEnv(role, env);
    assertEquals(parseTowerEnv(readBytes(file, 1 << 16), "boot").role, role);
    for (const path of [file, key]) assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    const before = Deno.readTextFileSync(key);
    writeSampleEnv(role, env);
    assertEquals(Deno.readTextFileSync(key), before);
  }
});

Deno.test("boot and flash take a medium for the image of a build, provision does not", () => {
  using env = testEnv();
  const image = layBuild(join(env.cacheDir, "builds"), "demo", "x86_64", ["isolinux"]);
  const file = join(image, "../record.json");
  const record = JSON.parse(Deno.readTextFileSync(file));
  Object.assign(record.artifacts[0], { kind: "iso", mediaType: "application/vnd.efi.iso" });
  Deno.writeTextFileSync(file, JSON.stringify(record));
  assertEquals(namedImage("demo", undefined, env, "write").path, image);
  assertEquals(imagesOfBuild(join(image, ".."), ["disk"]), []);
});

Deno.test("a CD cannot be changed, by the machine or to make a host of it", async () => {
  using program = new TestProgram({ runner: new RecordingRunner({ "qemu-system-x86_64": {} }) });
  program.write("a.iso", "");
  for (const option of [["--write"], ["--role", "online"]]) {
    const { code, error } = await program.fails("boot", "a.iso", "--as", "cd", ...option);
    assertEquals(code, 2, error.join("\n"));
    assertMatch(error.join("\n"), /a CD cannot be changed/);
  }
});
