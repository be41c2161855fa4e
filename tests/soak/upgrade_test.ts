import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { hashFile } from "../../lib/files/artifact_file.ts";
import type { TowerEnv } from "../../lib/tower_env/tower_env.ts";
import { diskKey, emptyDisk } from "../support/machine/encrypted_host.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost } from "../support/machine/host_machine.ts";
import { cardOf, envFile, hostMissing, onlineEnv, TOWER } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";

Deno.test({
  ...named(
    "C3, C5: a new card with the old disk key keeps the home; install refuses it",
    hostMissing(),
  ),
  async fn(t) {
    await using bench = await hostBench(TOWER.online.thinClient);
    const { client, folder, image } = bench;
    const key = diskKey();
    const disk = emptyDisk(folder, "disk.img", 1024);
    let cards = 0;
    const placeOf = (installation: TowerEnv["installation"]) => {
      const rootDevice = "/dev/disk/by-id/virtio-DISK1";
      const env = {
        ...onlineEnv(client.publicKey),
        rootDevice,
        ...(installation && { installation }),
      };
      const card = cardOf(image, join(folder, `${++cards}.img`), [envFile(env), key]);
      return { ...bench, card, disks: [disk] };
    };
    const moveTo = async (place: ReturnType<typeof placeOf>, says: RegExp) => {
      await using host = await bootHost(place, "none");
      assertEquals(await host.machine.waitForEnd(240), { kind: "exited", code: 0 });
      assertMatch(host.machine.console(), says);
    };
    const [first, again, upgrade] = [placeOf("install"), placeOf("install"), placeOf("upgrade")];
    await t.step("an empty disk is taken", async () => {
      await moveTo(first, /first boot: restart from the encrypted disk/);
      await using host = await bootHost(first, "online");
      await host.ssh("echo mine >kept && sync");
      await host.powerOff();
    });
    await t.step("what wants a disk that is not the host's refuses it", async () => {
      const before = hashFile(disk);
      await using host = await bootHost(again, "none");
      await host.machine.eventually(150, () => {
        const text = host.machine.console();
        assertMatch(text, /has a system of this host, and INSTALLATION_TYPE is install/);
        return Promise.resolve();
      });
      assertEquals(hashFile(disk), before);
    });
    await t.step("an upgrade keeps its home", async () => {
      await moveTo(upgrade, /is this host's own: its home is kept/);
      Deno.removeSync(join(folder, "known_hosts")); // the new card has a host key of its own
      await using host = await bootHost(upgrade, "online");
      assertEquals(await host.ssh("cat kept"), "mine\n");
      assert(!/first boot: encrypting/.test(host.machine.console()));
      await host.powerOff();
    });
  },
});
