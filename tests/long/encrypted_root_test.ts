import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { putBootFile } from "../../lib/boot/boot_partition.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { openDisk } from "../../lib/store/disk_file.ts";
import {
  diskKey,
  emptyDisk,
  encryptedCard,
  KEY_FILE,
  removeBootFile,
} from "../support/encrypted_host.ts";
import { tempFolder } from "../support/file_sink.ts";
import { bootHost, lookAtHost, type Ssh } from "../support/host_machine.ts";
import { buildHost, hostMissing, onlineEnv, TOWER } from "../support/host_system.ts";
import { NetworkNamespace } from "../support/network_namespace.ts";
import { SshClient } from "../support/ssh_client.ts";

const runner = denoRunner();
const missing = hostMissing() ?? (runner.which("mdel") ? undefined : "needs mtools");
const note = missing ? ` (skipped: ${missing})` : "";

Deno.test({
  name: `C5, C10: a host moves to its encrypted disk, starts from there with its key alone${note}`,
  ignore: missing !== undefined,
  async fn() {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const image = await buildHost(folder.path);
    const env = { ...onlineEnv(client.publicKey), rootDevice: "/dev/disk/by-id/virtio-DISK1" };
    const key = diskKey();
    const card = encryptedCard(image, folder.path, env, key);
    const disks = [emptyDisk(folder.path, "disk.img", 1024)];
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", `${TOWER.online.thinClient}/24`);
    const place = { card, disks, folder: folder.path, network, client };
    {
      await using host = await bootHost(place, "none");
      assertEquals(await host.machine.waitForEnd(240), { kind: "exited", code: 0 });
      assertStringIncludes(host.machine.console(), "restart from the encrypted disk");
    }
    await removeBootFile(runner, card, KEY_FILE);
    {
      await using host = await bootHost(place, "none");
      const { machine } = host;
      await machine.eventually(120, () => {
        assertMatch(
          machine.console(),
          /The key of the encrypted disk is missing: .*crypto_keyfile/,
        );
        return Promise.resolve();
      });
      using disk = openDisk(card);
      putBootFile(disk, { ...key, mtime: 1_700_000_000 });
      await machine.eventually(120, () => host.ssh("true"));
      await machine.orConsole(async () => {
        await lookAtHost(host.ssh, { name: "web", address: TOWER.online.host, role: "online" });
        await lookAtDisk(host.ssh);
      });
      assert(!/first boot: (root-device|encrypting)/.test(machine.console()), machine.console());
    }
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
