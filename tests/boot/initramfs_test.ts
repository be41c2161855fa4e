import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { alpineOracle, oracleMissing } from "../support/apk/alpine_oracle.ts";
import { DEBIAN_TOOLS, debianFolder } from "../support/build/debian_files.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { initramfsImage } from "../support/format/initramfs_image.ts";
import { Terminal } from "../support/program/terminal.ts";

const runner = denoRunner();
const tools = [...DEBIAN_TOOLS, "qemu-system-x86_64", "mke2fs", "debugfs", "sfdisk"];
const missing = tools.filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";
const noAlpine = oracleMissing();

const UUID = "01234567-89ab-cdef-0123-456789abcdef";
const PARTITION = "aabbccdd-1122-3344-5566-778899aabbcc";
const START = 1 << 20, ROOT_SIZE = 16 << 20;
const MODULES = ["virtio_blk", "@virtio", "@ata", "@ext4"];
/** What is there after switch_root, as the marker's lines tell it. */
const INIT = `#!/bin/busybox sh
echo "MARKER pid=$$ arguments=$*"
/bin/busybox sed 's/^/MOUNT /' /proc/mounts
/bin/busybox poweroff -f
`;

/** A small ext4 root that says what it sees and powers off. */
async function rootImage(folder: string): Promise<string> {
  const root = join(folder, "root");
  for (const path of ["bin", "sbin", "dev", "proc", "sys"]) {
    Deno.mkdirSync(join(root, path), { recursive: true });
  }
  const busybox = join(await debianFolder(runner, "busybox-static"), "bin/busybox");
  Deno.copyFileSync(busybox, join(root, "bin/busybox"));
  Deno.writeTextFileSync(join(root, "sbin/init"), INIT, { mode: 0o755 });
  const image = join(folder, "root.img");
  const argv = [
    "mke2fs",
    "-q",
    "-t",
    "ext4",
    "-L",
    "my root",
    "-U",
    UUID,
    "-d",
    root,
    image,
    "16M",
  ];
  await runner.run({ argv: argv as [string, ...string[]] });
  return image;
}

/** Puts a root image into the first partition of a disk. */
async function diskImage(folder: string, root: string, table: string): Promise<string> {
  const disk = join(folder, "disk.img");
  Deno.writeFileSync(disk, new Uint8Array(START + ROOT_SIZE + (2 << 20)));
  await runner.run({ argv: ["sfdisk", "-q", disk], stdin: new TextEncoder().encode(table) });
  using file = Deno.openSync(disk, { write: true });
  file.seekSync(START, Deno.SeekMode.Start);
  const bytes = Deno.readFileSync(root);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  return disk;
}

interface Boot {
  readonly kernel: string;
  readonly initramfs: Uint8Array;
  readonly disk?: string;
  readonly cmdline: string;
}

/** The command of a machine whose first disk is a device of QEMU's. */
function machine(folder: string, boot: Boot, device: string): [string, ...string[]] {
  const file = join(folder, "initramfs");
  Deno.writeFileSync(file, boot.initramfs);
  return [
    ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-m", "256M"],
    ...["-display", "none", "-vga", "none", "-no-reboot", "-serial", "stdio", "-nic", "none"],
    ...["-monitor", `unix:${join(folder, "monitor")},server=on,wait=off`],
    ...["-kernel", boot.kernel, "-initrd", file, "-append", `console=ttyS0 ${boot.cmdline}`],
    ...(boot.disk === undefined ? [] : [
      ...["-drive", `file=${boot.disk},if=none,id=disk,format=raw,snapshot=on`],
      ...["-device", `${device},drive=disk`],
    ]),
  ] as [string, ...string[]];
}

/** Starts a machine and returns its console once it has ended by itself. */
async function boot(wanted: Boot): Promise<string> {
  using folder = tempFolder();
  const argv = machine(folder.path, wanted, "virtio-blk-pci");
  const { stdout } = await runner.run({ argv }, { signal: AbortSignal.timeout(120_000) });
  return new TextDecoder().decode(stdout).replaceAll("\r", "");
}

/** Does something to a machine's hardware, in the words of QEMU's monitor. */
async function plug(folder: string, ...commands: string[]): Promise<void> {
  using monitor = await Deno.connect({ transport: "unix", path: join(folder, "monitor") });
  const buffer = new Uint8Array(4096);
  let said = "";
  for (const command of ["", ...commands]) {
    await monitor.write(new TextEncoder().encode(`${command}\n`));
  }
  // One prompt before each command, and one after the last.
  while (said.split("(qemu)").length < commands.length + 3) {
    const length = await monitor.read(buffer);
    if (length === null) break;
    said += new TextDecoder().decode(buffer.subarray(0, length));
  }
  assertNotMatch(said, /Error/);
}

Deno.test({
  name: `the machine starts from a root named by UUID or by a label with a space${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const disk = await rootImage(folder.path);
    const { bytes: initramfs, kernel } = await initramfsImage(runner, { modules: MODULES });
    const byUuid = await boot({
      ...{ kernel, initramfs, disk },
      cmdline:
        `root=UUID=${UUID} rootfstype=ext4 rootflags=noatime single break=no panic=1 -- more`,
    });
    assertStringIncludes(byUuid, "initramfs: root is /dev/vda\n");
    assertStringIncludes(byUuid, "MARKER pid=1 arguments=single more\n");
    assertMatch(byUuid, /^MOUNT \/dev\/vda \/ ext4 ro,noatime/m);
    for (const mount of ["proc /proc proc", "sys /sys sysfs", "dev /dev devtmpfs"]) {
      assertStringIncludes(byUuid, `MOUNT ${mount} `);
    }
    const byLabel = await boot({
      ...{ kernel, initramfs, disk },
      cmdline: 'root="LABEL=my root" rootfstype=ext4 rw quiet panic=1',
    });
    assertMatch(byLabel, /^MOUNT \/dev\/vda \/ ext4 rw/m);
    assertNotMatch(byLabel, /^initramfs:/m);
  },
});

Deno.test({
  name: `the machine starts from a root named by PARTUUID, of GPT and of MBR${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const root = await rootImage(folder.path);
    const { bytes: initramfs, kernel } = await initramfsImage(runner, { modules: MODULES });
    const tables = [
      [`label: gpt\nstart=2048,size=32768,uuid=${PARTITION}\n`, PARTITION.toUpperCase()],
      ["label: dos\nlabel-id: 0x0eadbe01\nstart=2048,size=32768\n", "0eadbe01-01"],
    ] as const;
    for (const [table, id] of tables) {
      const disk = await diskImage(folder.path, root, table);
      const log = await boot({ kernel, initramfs, disk, cmdline: `root=PARTUUID=${id} panic=1` });
      assertMatch(log, /^MOUNT \/dev\/vda1 \/ ext4 ro/m);
    }
  },
});

Deno.test({
  name: `a root that is not there is named, devices are listed, and the machine restarts${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const disk = await rootImage(folder.path);
    const { bytes: initramfs, kernel } = await initramfsImage(runner, { modules: MODULES });
    const gone = await boot({
      ...{ kernel, initramfs, disk },
      cmdline: "root=UUID=deadbeef-0000-0000-0000-000000000000 rootwait=2 panic=2",
    });
    const lines = gone.split("\n").filter((line) => line.startsWith("initramfs:"));
    assertEquals(lines.slice(-5), [
      "initramfs: cannot start the system: no block device is " +
      "root=UUID=deadbeef-0000-0000-0000-000000000000 (waited 2 s)",
      "initramfs: block devices that exist:",
      "initramfs:   /dev/vda, 16 MiB",
      "initramfs: restart in 2 s",
      "initramfs: restart",
    ]);
    const unnamed = await boot({ kernel, initramfs, cmdline: "panic=-1" });
    assertStringIncludes(unnamed, "cannot start the system: the kernel command line has no root=");
    const noInit = await boot({
      ...{ kernel, initramfs, disk },
      cmdline: `root=UUID=${UUID} init=/nowhere panic=-1`,
    });
    assertStringIncludes(noInit, "the root file system on /dev/vda has no /nowhere (init=)");
    for (const change of ["rm /sbin/init", "symlink /bin/sh busybox"]) {
      await runner.run({ argv: ["debugfs", "-w", "-R", change, disk] });
    }
    const shellAlone = await boot({
      ...{ kernel, initramfs, disk },
      cmdline: `root=UUID=${UUID} panic=-1`,
    });
    assertStringIncludes(shellAlone, "the root file system on /dev/vda has no init");
  },
});

/** Prints SHELL where a shell reads it, and SHE''LL where a terminal alone does. */
const ASK = "echo SHE''LL\r";

Deno.test({
  name: `no key gives a shell where the manifest asks for none, and "break" does not${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const { bytes: initramfs, kernel } = await initramfsImage(runner, { modules: MODULES });
    const cmdline = "break root=UUID=deadbeef-0000-0000-0000-000000000000 rootwait=12 panic=3";
    await using terminal = new Terminal(machine(folder.path, { kernel, initramfs, cmdline }, ""));
    await terminal.sees(60, /Run \/init/);
    const keys = setInterval(() => terminal.types(`\r\x03${ASK}`), 500);
    try {
      await terminal.ends(60);
    } finally {
      clearInterval(keys);
    }
    assertStringIncludes(terminal.text, "initramfs: there is no shell here");
    assertMatch(
      terminal.text,
      /The disk that this machine starts from is missing: nothing is root=/,
    );
    assertStringIncludes(terminal.text, "initramfs: restart in 3 s");
    assertNotMatch(terminal.text, /SHELL|press Enter/);
  },
});

Deno.test({
  name:
    `emergencyShell gives one at "break", when the start fails, and to who presses Enter${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const options = { modules: MODULES, emergencyShell: true };
    const { bytes: initramfs, kernel } = await initramfsImage(runner, options);
    const cmdline = "break root=UUID=deadbeef-0000-0000-0000-000000000000 rootwait=1 panic=60";
    await using terminal = new Terminal(machine(folder.path, { kernel, initramfs, cmdline }, ""));
    const seen = (times: number, text: string) =>
      terminal.sees(60, new RegExp(Array(times).fill(text).join("[^]*")));
    for (const times of [1, 2]) {
      await seen(times, 'a shell; leave it with "exit"');
      terminal.types(ASK);
      await seen(times, "SHELL");
      terminal.types("exit\r");
    }
    await terminal.sees(60, /restart in 60 s; press Enter for a shell/);
    terminal.types("\r");
    await seen(3, 'a shell; leave it with "exit"');
    terminal.types("exit\r");
    await terminal.ends(60);
  },
});

const BUSES = [
  { own: "virtio-blk-pci", at: "/dev/vda", strange: "nvme,serial=1", comes: "/dev/nvme0n1" },
  { own: "nvme,serial=1", at: "/dev/nvme0n1", strange: "virtio-blk-pci", comes: "/dev/vda" },
] as const;

for (const { own, at, strange, comes } of BUSES) {
  Deno.test({
    name: `a second disk with the root's UUID on ${comes} is not started from, nor is the first ` +
      `while it is there${reason}`,
    ignore: skip,
    async fn() {
      using folder = tempFolder();
      const disk = await rootImage(folder.path);
      const { bytes: initramfs, kernel } = await initramfsImage(runner, {
        modules: [...MODULES, "nvme"],
      });
      const cmdline = `root=UUID=${UUID} rootfstype=ext4 rootwait rootdelay=10 panic=1`;
      await using terminal = new Terminal(
        machine(folder.path, { kernel, initramfs, disk, cmdline }, own),
      );
      await terminal.sees(60, /Run \/init/);
      await plug(
        folder.path,
        `drive_add 0 file=${disk},if=none,id=late,format=raw,snapshot=on`,
        `device_add ${strange},drive=late,id=stranger`,
      );
      await terminal.sees(60, /Two disks bear the name/);
      for (const device of [at, comes]) {
        await terminal.sees(5, new RegExp(`^  ${device} \\(16 MiB.*\\)`, "m"));
      }
      assertNotMatch(terminal.text, /MARKER/);
      await plug(folder.path, "device_del stranger");
      await terminal.ends(60);
      assertMatch(terminal.text, new RegExp(`^MOUNT ${at} / ext4`, "m"));
    },
  });
}

Deno.test({
  name: "an initramfs with Alpine's busybox and its musl starts the machine as well" +
    (skip ? reason : noAlpine ? ` (skipped: ${noAlpine})` : ""),
  ignore: skip || noAlpine !== undefined,
  async fn() {
    const oracle = await alpineOracle();
    if ("skip" in oracle) throw new Error(oracle.skip);
    await using alpine = oracle;
    using folder = tempFolder();
    const disk = await rootImage(folder.path);
    const { bytes: initramfs, kernel } = await initramfsImage(runner, {
      modules: MODULES,
      userland: [alpine.root],
    });
    const log = await boot({ kernel, initramfs, disk, cmdline: `root=UUID=${UUID} panic=1` });
    assertStringIncludes(log, "MARKER pid=1");
  },
});
