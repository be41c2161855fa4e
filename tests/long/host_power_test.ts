import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { tempFolder } from "../support/file_sink.ts";
import { bootHost, lookAtHost } from "../support/host_machine.ts";
import {
  buildHost,
  CARD_MIB,
  cardOf,
  envFile,
  hostMissing,
  onlineEnv,
  TOWER,
} from "../support/host_system.ts";
import { NetworkNamespace } from "../support/network_namespace.ts";
import { randomNumbers } from "../support/random_numbers.ts";
import { SshClient } from "../support/ssh_client.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;
const runner = denoRunner();

/** Steps of the first boot, as the console names them. */
const STEPS = [
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
];

for (const [i, step] of STEPS.entries()) {
  Deno.test({
    name: `a power cut in step ${step} leaves a first boot that goes on${note}`,
    ignore,
    fn: () => cutAt(step, 20261120 + i),
  });
}

/** Cuts the power a moment after a step began; the next boot must end as if nothing had been. */
async function cutAt(step: string, seed: number): Promise<void> {
  const delay = randomNumbers(seed).below(200);
  using folder = tempFolder();
  const client = await SshClient.create(runner, folder.path);
  const image = await buildHost(folder.path);
  const card = cardOf(image, join(folder.path, "card.img"), [
    envFile(onlineEnv(client.publicKey)),
  ]);
  await using network = await NetworkNamespace.create(runner);
  await network.addTap("tap0", `${TOWER.online.thinClient}/24`);
  const place = { card, folder: folder.path, network, client };
  {
    await using host = await bootHost(place, "none");
    const { machine } = host;
    await machine.eventually(120, () => {
      assertMatch(machine.console(), new RegExp(`first boot: ${step}\\r?$`, "m"));
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  await using host = await bootHost(place, "online");
  const { ssh, machine } = host;
  await machine.orConsole(async () => {
    await lookAtHost(ssh, { name: "web", address: TOWER.online.host, role: "online" });
    const sectors = Number(await ssh("cat /sys/class/block/vda2/size"));
    assert(sectors > (CARD_MIB - 60) * 2048, `seed ${seed}: the root has ${sectors} sectors`);
    const unfinished = await ssh("doas find /etc /var/lib/tower -name '*.new'");
    assertEquals(unfinished.trim(), "", `seed ${seed}`);
  });
  await host.powerOff();
}
