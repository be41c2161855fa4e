import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { diskKey, emptyDisk } from "./encrypted_host.ts";
import { hostBench } from "./host_bench.ts";
import { bootHost, lookAtHost } from "./host_machine.ts";
import { envFile, onlineEnv, TOWER } from "../build/host_system.ts";
import { randomNumbers } from "../program/random_numbers.ts";

const SEED = 20261121;

/**
 * Cuts the power so many milliseconds into the encryption of a host's disk, then in steps of the
 * first start from it; the first boot ends well all the same.
 */
export async function cutEncryption(
  delays: readonly number[],
  steps: readonly string[],
): Promise<void> {
  await using bench = await hostBench(TOWER.online.thinClient);
  const env = { ...onlineEnv(bench.client.publicKey), rootDevice: "auto" };
  const disks = [emptyDisk(bench.folder, "disk.img", 1024)];
  const place = { ...bench, card: bench.card(envFile(env), diskKey()), disks };
  const random = randomNumbers(SEED);

  /** Boots until the console shows a text, and pulls the plug a moment later. */
  const cutAfter = async (shown: RegExp, delay: number) => {
    await using host = await bootHost(place, "none");
    await host.machine.eventually(180, () => {
      assertMatch(host.machine.console(), shown);
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, delay + random.below(500)));
    assert(
      !/first boot: .* failed|Cannot/.test(host.machine.console()),
      `seed ${SEED}: ${host.machine.console()}`,
    );
  };
  for (const delay of delays) await cutAfter(/first boot: encrypting \/dev\/vdb/, delay);
  {
    await using host = await bootHost(place, "none");
    assertEquals(await host.machine.waitForEnd(300), { kind: "exited", code: 0 });
    assertStringIncludes(host.machine.console(), "restart from the encrypted disk");
  }
  for (const step of steps) await cutAfter(new RegExp(`first boot: ${step}\\r?$`, "m"), 0);
  await using host = await bootHost(place, "online");
  const { ssh, machine } = host;
  await machine.orConsole(async () => {
    await lookAtHost(ssh, { name: "web", address: TOWER.online.host, role: "online" });
    assertMatch(await ssh("df / | awk 'NR > 1 { print $1 }'"), /^\/dev\/(dm-|mapper\/vg0-root)/);
    assertMatch(await ssh("doas cryptsetup status lvmcrypt"), /type: +LUKS2/);
    const unfinished = await ssh("doas find /etc /var/lib/tower -name '*.new'");
    assertEquals(unfinished.trim(), "", `seed ${SEED}`);
  });
  await host.powerOff();
}
