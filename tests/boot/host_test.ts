import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hostVolumes } from "../../lib/boot/host_volumes.ts";
import { openDisk } from "../../lib/files/disk_file.ts";
import { lookAtHardening } from "../support/machine/hardening_check.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost, lookAtHost } from "../support/machine/host_machine.ts";
import {
  CARD_MIB,
  CARD_UUID,
  envFile,
  hostMissing,
  onlineEnv,
  TOWER,
} from "../support/build/host_system.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;

Deno.test({
  name: `an online host comes up as its tower.env says, and a second boot changes nothing${note}`,
  ignore,
  async fn(t) {
    await using bench = await hostBench(TOWER.online.thinClient);
    const { client, network } = bench;
    const card = bench.card(envFile(onlineEnv(client.publicKey)));
    let keys = "";
    {
      await using host = await bootHost({ ...bench, card }, "online");
      const { ssh, machine } = host;
      await machine.orConsole(async () => {
        await lookAtHost(ssh, { name: "web", address: TOWER.online.host, role: "online" });
        const blocks = Number(await ssh("df -k / | awk 'NR == 2 { print $2 }'"));
        assert(blocks > (CARD_MIB - 80) * 1024 * 0.9, `the root has ${blocks} KiB`);
        assertEquals(
          (await ssh("ip route")).split("\n")[0]!.trim(),
          `default via ${TOWER.online.router} dev eth0`,
        );
        assertEquals((await ssh("doas id -u")).trim(), "0");
        keys = await ssh("cat /etc/ssh/ssh_host_ed25519_key.pub");
      });
      await t.step(
        "every value that hardens a host is in force, or its kernel is too old to have it",
        () =>
          machine.orConsole(() =>
            lookAtHardening(ssh, {
              ...{ role: "online", address: TOWER.online.host, machine: "pc", arch: "x86_64" },
            })
          ),
      );
      await t.step("its file systems have UUIDs of its own", () => lookAtNames(ssh));
      await t.step("B1: no interface but the loopback has an IPv6 address", async () => {
        const addresses = await ssh("ip -6 -o addr show");
        assert(!/ eth0 /.test(addresses), addresses);
      });
      await t.step(
        "B2, B4: only the thin client gets in, by its key, closed ports or not",
        () => machine.orConsole(() => knocks(network, ssh)),
      );
      await t.step("E18: a time zone with an underscore and the language are applied", async () => {
        assertMatch(await ssh("date +%Z"), /^E[SD]T$/m);
        assertEquals((await ssh(". /etc/profile; echo $LANG")).trim(), "en_US.UTF-8");
      });
      await host.powerOff();
      assertMatch(machine.console(), /first boot: done, this is web at 192\.168\.2\.200/);
      assert(!/\[ !! \]|Call Trace/.test(machine.console()), machine.console());
    }
    await t.step("C7, C10: no secret is left on the boot partition", () => assertSecretsGone(card));
    {
      await using host = await bootHost({ ...bench, card }, "online");
      await host.machine.orConsole(async () => {
        await lookAtHost(host.ssh, { name: "web", address: TOWER.online.host, role: "online" });
        assertEquals(await host.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub"), keys);
        await lookAtNames(host.ssh);
      });
      assert(!host.machine.console().includes("first boot:"), host.machine.console());
    }
  },
});

/** The loader names the root by the card's own UUID, and fstab both file systems; no label counts. */
async function lookAtNames(ssh: (command: string) => Promise<string>): Promise<void> {
  const cmdline = await ssh("cat /proc/cmdline");
  assertStringIncludes(cmdline, `root=UUID=${CARD_UUID} `);
  assert(!cmdline.includes("rootdelay="), cmdline);
  const boot = (await ssh("doas /sbin/blkid -p -o value -s UUID /dev/vda1")).trim();
  const fstab = (await ssh("cat /etc/fstab")).split("\n").filter((line) =>
    /\s(ext4|vfat)\s/.test(line)
  );
  assertEquals(fstab.map((line) => line.trim().split(/\s+/).slice(0, 3)), [
    [`UUID=${CARD_UUID}`, "/", "ext4"],
    [`UUID=${boot}`, "/boot", "vfat"],
  ]);
}

/** Nobody but the thin client gets in, and it by SSH with its key alone. */
async function knocks(
  network: NetworkNamespace,
  ssh: (command: string) => Promise<string>,
): Promise<void> {
  const { host, neighbour, thinClient } = TOWER.online;
  await ssh("nc -l -p 8080 -e true </dev/null >/dev/null 2>&1 &");
  const connect = (port: number) =>
    network.run("timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${host}/${port}`)
      .then(() => true, () => false);
  assert(await connect(22), "the thin client must reach port 22");
  assert(!await connect(8080), "a port that no rule opens must be closed");
  await network.run("ip", "address", "add", `${neighbour}/24`, "dev", "tap0");
  const from = (source: string) =>
    network.run("ip", "route", "replace", `${host}/32`, "dev", "tap0", "src", source);
  await from(neighbour);
  assert(!await connect(22), "another host must not reach port 22");
  await from(thinClient);
  assert(await connect(22), "the thin client must reach port 22 again");
  const methods = await network.run(
    "sh",
    "-c",
    `ssh -F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o BatchMode=yes ` +
      `-o PubkeyAuthentication=no alice@${host} true 2>&1 || true`,
  );
  assertMatch(methods, /Permission denied \(publickey\)/);
}

/** Neither the file nor its bytes are left; three bytes alone stand in any kernel by chance. */
function assertSecretsGone(card: string): void {
  using disk = openDisk(card);
  const { boot } = hostVolumes(disk, undefined);
  const bytes = new Uint8Array(boot.size);
  for (let at = 0; at < bytes.length;) at += boot.readAt(at, bytes.subarray(at, at + (1 << 20)));
  const text = new TextDecoder("latin1").decode(bytes);
  for (const word of ["PASSWORD_HASH", "$6$towertest$"]) {
    assert(!text.includes(word), `${word} is left`);
  }
}
