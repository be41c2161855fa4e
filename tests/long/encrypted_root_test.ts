import { assert, assertEquals, assertMatch } from "@std/assert";
import { hostVolumes } from "../../lib/boot/host_volumes.ts";
import { putRootFile } from "../../lib/format/fat/inject.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { openDisk } from "../../lib/files/disk_file.ts";
import { diskKey, KEY_FILE, removeBootFile } from "../support/machine/encrypted_host.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost, lookAtHost, type Ssh } from "../support/machine/host_machine.ts";
import { envFile, hostMissing, onlineEnv, TOWER } from "../support/build/host_system.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { Terminal } from "../support/program/terminal.ts";
import { DISK_TOOLS, diskWith } from "../support/machine/used_disk.ts";

const runner = denoRunner();
const missing = hostMissing() ?? programsMissing(runner, ...DISK_TOOLS, "mdel");

const PASSPHRASE = "correct horse battery staple";
/** As docs/host.md has it, but that nobody types. */
const ADD = "doas mount /boot && " +
  `printf %s '${PASSPHRASE}' | doas cryptsetup luksAddKey --batch-mode ` +
  "--key-file /boot/crypto_keyfile.bin /dev/vdb && doas umount /boot";

Deno.test({
  ...named(
    "C3, C5, C10: a host moves to its encrypted disk, and starts from there with its key or a " +
      "recovery passphrase",
    missing,
  ),
  async fn(t) {
    await using bench = await hostBench(TOWER.online.thinClient);
    const { client, folder } = bench;
    const env = {
      ...onlineEnv(client.publicKey),
      ...{ rootDevice: "/dev/disk/by-id/virtio-DISK1", wipesRootDevice: true },
    };
    const key = diskKey();
    const card = bench.card(envFile(env), key);
    const disk = await diskWith(folder, "disk.img", "a file system", 1024);
    const other = await diskWith(folder, "other.img", "a partition table", 1024);
    const disks = [disk, other];
    const place = { ...bench, card, disks };
    await t.step("the named disk, which may be wiped, is taken, and no other", async () => {
      const before = hashFile(other);
      await using host = await bootHost(place, "none");
      const { machine } = host;
      assertEquals(await machine.waitForEnd(240), { kind: "exited", code: 0 });
      assertMatch(machine.console(), /first boot: restart from the encrypted disk/);
      using opened = openDisk(disk, "read");
      // "LUKS\xba\xbe" and version 2: LUKS2 On-Disk Format Specification 1.1.0, 2.1.
      const header = new Uint8Array(8);
      opened.readAt(0, header);
      assertEquals(header.toHex(), "4c554b53babe0002");
      assertEquals(hashFile(other), before);
    });
    await removeBootFile(runner, card, KEY_FILE);
    await t.step("it waits for its key, and starts once that is there", async () => {
      await using host = await bootHost(place, "none");
      const { machine } = host;
      await machine.eventually(120, () => {
        assertMatch(
          machine.console(),
          /The key of the encrypted disk is missing: .*crypto_keyfile/,
        );
        return Promise.resolve();
      });
      {
        using opened = openDisk(card);
        putRootFile(hostVolumes(opened, undefined).boot, { ...key, mtime: 1_700_000_000 });
      }
      await machine.eventually(120, () => host.ssh("true"));
      await machine.orConsole(async () => {
        await lookAtHost(host.ssh, { name: "web", address: TOWER.online.host, role: "online" });
        await lookAtDisk(host.ssh);
        await host.ssh(ADD);
      });
      assert(!/first boot: (root-device|encrypting)/.test(machine.console()), machine.console());
      await host.powerOff();
    });
    await removeBootFile(runner, card, KEY_FILE);
    await t.step("without the key it opens by the passphrase, at the console", async () => {
      await using terminal = Terminal.ofHost(card, disks);
      await terminal.sees(120, /The key of the encrypted disk is missing/);
      await terminal.sees(5, /Enter asks for a recovery passphrase/);
      terminal.types("\r");
      await terminal.sees(30, /Enter passphrase for \/dev\/vdb/);
      terminal.types("a wrong one\r");
      await terminal.sees(60, /No key available with this passphrase/);
      await terminal.sees(
        30,
        /The key of the encrypted disk is missing[^]*The key of the encrypted/,
      );
      terminal.types("\r");
      await terminal.sees(30, /Enter passphrase[^]*Enter passphrase/);
      terminal.types(`${PASSPHRASE}\r`);
      // What OpenRC takes for a wish to choose services, or a shell.
      const keys = setInterval(() => terminal.types("I"), 1000);
      try {
        await terminal.sees(150, /web login:/);
      } finally {
        clearInterval(keys);
      }
      assert(!/interactive|Exit to shell/i.test(terminal.text), terminal.text);
      assert(!terminal.text.includes(PASSPHRASE), "the console shows the passphrase");
    });
  },
});

/** The system is on LVM on LUKS2; the key and what the first boot was told are nowhere else. */
async function lookAtDisk(ssh: Ssh): Promise<void> {
  const mounts = await ssh("df / /home | awk 'NR > 1 { print $1, $6 }' | sort");
  assertMatch(mounts, /^\/dev\/(dm-\d|mapper\/vg0-home) \/home$/m);
  assertMatch(mounts, /^\/dev\/(dm-\d|mapper\/vg0-root) \/$/m);
  const status = await ssh("doas cryptsetup status lvmcrypt");
  assertMatch(status, /type: +LUKS2/);
  // QEMU's plain processor has no instructions for AES.
  assertMatch(status, /cipher: +xchacha12,aes-adiantum-plain64/);
  assertMatch(status, /device: +\/dev\/vdb/);
  const volumes = await ssh("doas lvm lvs --noheadings -o vg_name,lv_name,lv_attr 2>/dev/null");
  assertEquals(volumes.trim().split(/\s+/).filter((word) => !word.includes("-")), [
    ...["vg0", "home"],
    ...["vg0", "root"],
  ]);
  assertEquals((await ssh("doas find / -xdev -name 'crypto_key*'")).trim(), "");
  const card = "doas mount -o ro /dev/vda2 /mnt && doas ls /mnt/var/lib/tower/firstboot /mnt/etc;" +
    " doas umount /mnt";
  const left = await ssh(card);
  assertMatch(left, /^root-moved$/m);
  assert(!/^settings/m.test(left), left);
}
