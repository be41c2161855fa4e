import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../program/file_sink.ts";
import { bootHost, lookAtHost } from "./host_machine.ts";
import { buildHost, CARD_MIB, cardOf, envFile, onlineEnv, TOWER } from "../build/host_system.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { randomNumbers } from "../program/random_numbers.ts";
import { SshClient } from "./ssh_client.ts";

const runner = denoRunner();
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
  using folder = tempFolder();
  const client = await SshClient.create(runner, folder.path);
  const image = await buildHost(folder.path);
  const card = cardOf(image, join(folder.path, "card.img"), [
    envFile(onlineEnv(client.publicKey)),
  ]);
  await using network = await NetworkNamespace.create(runner);
  await network.addTap("tap0", `${TOWER.online.thinClient}/24`);
  const place = { card, folder: folder.path, network, client };
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
