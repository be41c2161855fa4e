import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { initramfsImage } from "../support/format/initramfs_image.ts";
import {
  boot,
  initramfsMissing,
  machine,
  MODULES,
  rootImage,
  UUID,
} from "../support/machine/initramfs_machine.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";
import { Terminal } from "../support/program/terminal.ts";

const runner = denoRunner();
const missing = initramfsMissing();

Deno.test({
  ...named("the machine starts from a root named by UUID or by a label with a space", missing),
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
  ...named(
    "a root that is not there is named, devices are listed, and the machine restarts",
    missing,
  ),
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
  ...named('no key gives a shell where the manifest asks for none, and "break" does not', missing),
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
