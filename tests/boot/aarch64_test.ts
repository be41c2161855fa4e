import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { findFirmware } from "../../build/boot/boot.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { linesOf, PROCESSOR_SYSCTLS, settingsOf } from "../../lib/hardening/sysctls.ts";
import { ARM_UEFI_FILES, MODELS } from "../../lib/qemu/machine.ts";
import { exists } from "../../lib/files/files.ts";
import { buildLab, labMissing } from "../support/build/lab_system.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { startMachine } from "../support/machine/test_machine.ts";

const GUEST = { address: "10.0.2.15" };
const HOST_ADDRESS = "10.0.2.2/24";
/** Seconds until an emulated machine must answer, and until it must be off. */
const START = 150;
const STOP = 60;

const runner = denoRunner();
const { program } = MODELS.aarch64;
const missing = labMissing("aarch64") ??
  (runner.which(program) ? undefined : `needs ${program}`) ??
  (ARM_UEFI_FILES.some(exists) ? undefined : "needs a UEFI firmware for aarch64");

Deno.test({
  name: "lab for aarch64, built on any machine, boots by UEFI and answers over SSH behind its " +
    `firewall${missing ? ` (skipped: ${missing})` : ""}`,
  ignore: missing !== undefined,
  fn: async () => {
    const folder = Deno.makeTempDirSync({ prefix: "tower-test-" });
    try {
      const client = await SshClient.create(runner, folder);
      const { image, record } = await buildLab(folder, client.publicKey, "aarch64");
      assertEquals(record.arch, "aarch64");
      await using network = await NetworkNamespace.create(runner);
      await network.addTap("tap0", HOST_ADDRESS);
      await using machine = startMachine(runner, folder, {
        arch: "aarch64",
        image,
        snapshot: false,
        firmware: { kind: "uefi", file: findFirmware("aarch64") },
        network: { kind: "tap", interface: "tap0" },
      }, (command) => network.inside(command));
      const ssh = (command: string) => client.run(GUEST, command, (c) => network.inside(c));
      await machine.eventually(START, () => ssh("true"));
      await machine.orConsole(async () => {
        assertEquals((await ssh("uname -m; cat /etc/apk/arch")).split("\n").slice(0, 2), [
          "aarch64",
          "aarch64",
        ]);
        assertEquals((await ssh("rc-status --crashed || true")).trim(), "");
        for (const tool of ["iptables", "ip6tables"]) {
          assertMatch(await ssh(`${tool} -S`), /^-P INPUT DROP$/m);
        }
        assertMatch(await ssh("mount"), /^\/dev\/vda2 on \/ type ext4 \(rw/m);
        // This machine is no host; its kernel must take what hosts of its kind are given.
        const settings = [...settingsOf("router", undefined), ...PROCESSOR_SYSCTLS.aarch64!];
        const set = `sysctl -e -q -p /dev/stdin <<'END' && cat /proc/sys/vm/mmap_rnd_bits
${linesOf(settings).join("\n")}
END`;
        assertEquals(await ssh(set), "24\n");
        await ssh("mount /boot && test -s /boot/vmlinuz-virt && umount /boot");
        await ssh("wget --help 2>&1 | grep -q BusyBox");
        const installed = await ssh("sed -n s/^P://p /lib/apk/db/installed");
        const names = record.packages.map((p) => p.name).sort();
        assertEquals(installed.trim().split("\n").sort(), [".initramfs-virt", ...names]);
      });
      await ssh("poweroff").catch(() => undefined); // sshd may end first
      assertEquals(await machine.waitForEnd(STOP), { kind: "exited", code: 0 });
      assert(!machine.console().includes("Kernel panic"));
      assertNotMatch(machine.console(), /\[ !! \]|Call Trace|No such file/);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
