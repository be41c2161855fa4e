import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { alpineOracle, oracleMissing } from "../support/alpine_oracle.ts";
import { DEBIAN_TOOLS, debianFolder } from "../support/debian_files.ts";
import { tempFolder } from "../support/file_sink.ts";
import { initramfsImage } from "../support/initramfs_image.ts";

const runner = denoRunner();
const tools = [...DEBIAN_TOOLS, "qemu-system-x86_64", "mke2fs", "sfdisk"];
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

/** Starts a machine and returns its console once it has ended by itself. */
async function boot({ kernel, initramfs, disk, cmdline }: Boot): Promise<string> {
  using folder = tempFolder();
  const file = join(folder.path, "initramfs");
  Deno.writeFileSync(file, initramfs);
  const { stdout } = await runner.run({
    argv: [
      ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-m", "256M"],
      ...["-display", "none", "-vga", "none", "-no-reboot", "-serial", "stdio", "-nic", "none"],
      ...["-kernel", kernel, "-initrd", file, "-append", `console=ttyS0 ${cmdline}`],
      ...(disk === undefined ? [] : ["-drive", `file=${disk},if=virtio,format=raw,snapshot=on`]),
    ] as [string, ...string[]],
  }, { signal: AbortSignal.timeout(120_000) });
  return new TextDecoder().decode(stdout).replaceAll("\r", "");
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
      "initramfs: restart in 2 s; press Enter for a shell",
      "initramfs: restart",
    ]);
    const unnamed = await boot({ kernel, initramfs, cmdline: "panic=-1" });
    assertStringIncludes(unnamed, "cannot start the system: the kernel command line has no root=");
    const noInit = await boot({
      ...{ kernel, initramfs, disk },
      cmdline: `root=UUID=${UUID} init=/nowhere panic=-1`,
    });
    assertStringIncludes(noInit, "the root file system on /dev/vda has no /nowhere (init=)");
  },
});

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
