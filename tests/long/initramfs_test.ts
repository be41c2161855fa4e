import { assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { alpineOracle, oracleMissing } from "../support/apk/alpine_oracle.ts";
import { initramfsImage } from "../support/format/initramfs_image.ts";
import {
  boot,
  diskImage,
  initramfsMissing,
  machine,
  MODULES,
  plug,
  rootImage,
  UUID,
} from "../support/machine/initramfs_machine.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";
import { Terminal } from "../support/program/terminal.ts";

const runner = denoRunner();
const missing = initramfsMissing();
const PARTITION = "aabbccdd-1122-3344-5566-778899aabbcc";

Deno.test({
  ...named("the machine starts from a root named by PARTUUID, of GPT and of MBR", missing),
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

/** Prints SHELL where a shell reads it, and SHE''LL where a terminal alone does. */
const ASK = "echo SHE''LL\r";

Deno.test({
  ...named(
    'emergencyShell gives one at "break", when the start fails, and to who presses Enter',
    missing,
  ),
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
    ...named(
      `a second disk with the root's UUID on ${comes} is not started from, nor is the first while it is there`,
      missing,
    ),
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
  ...named(
    "an initramfs with Alpine's busybox and its musl starts the machine as well",
    missing ?? oracleMissing(),
  ),
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
