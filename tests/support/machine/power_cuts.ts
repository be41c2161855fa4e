import { assert, assertEquals, assertMatch } from "@std/assert";
import { hostBench } from "./host_bench.ts";
import { bootHost, lookAtHost } from "./host_machine.ts";
import { CARD_MIB, envFile, onlineEnv, TOWER } from "../build/host_system.ts";
import { randomNumbers } from "../program/random_numbers.ts";

const SEED = 20261120;

/** Steps of the first boot, as the console names them. */
export const FIRST_BOOT_STEPS = [
  "mounts",
  "name",
  "place",
  "user",
  "host-keys",
  "sshd",
  "firewall",
  "network",
  "wifi",
  "root-size",
  "secrets",
] as const;
type FirstBootStep = (typeof FIRST_BOOT_STEPS)[number];

/** Cuts the power in these steps of a first boot, one after the other; it goes on, and ends well. */
export async function cutPower(steps: readonly FirstBootStep[]): Promise<void> {
  const random = randomNumbers(SEED);
  await using bench = await hostBench(TOWER.online.thinClient);
  const place = { ...bench, card: bench.card(envFile(onlineEnv(bench.client.publicKey))) };
  for (const step of steps) {
    // A step may be over before the plug is pulled: then the next boot begins after it.
    const left = [...FIRST_BOOT_STEPS.slice(FIRST_BOOT_STEPS.indexOf(step)), "done"].join("|");
    await using host = await bootHost(place, "none");
    const { machine } = host;
    await machine.eventually(150, () => {
      assertMatch(machine.console(), new RegExp(`first boot: (${left})|login:`));
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, random.below(200)));
  }
  await using host = await bootHost(place, "online");
  const { ssh, machine } = host;
  await machine.orConsole(async () => {
    await lookAtHost(ssh, { name: "web", address: TOWER.online.host, role: "online" });
    const sectors = Number(await ssh("cat /sys/class/block/vda2/size"));
    assert(sectors > (CARD_MIB - 60) * 2048, `seed ${SEED}: the root has ${sectors} sectors`);
    const unfinished = await ssh("doas find /etc /var/lib/tower -name '*.new'");
    assertEquals(unfinished.trim(), "", `seed ${SEED}`);
  });
  await host.powerOff();
}
