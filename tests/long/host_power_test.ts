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
  ["name", "place", "user", "host-keys", "sshd"],
  ["firewall", "network", "wifi", "root-size", "secrets"],
];

for (const [half, steps] of STEPS.entries()) {
  Deno.test({
    name: `power cuts in ${steps.join(", ")} leave a first boot that goes on${note}`,
    ignore,
    fn: () => cutAt(steps, 20261120 + half),
  });
}

/** Cuts the power a moment after each step began, one boot after the other on the same card. */
async function cutAt(steps: readonly string[], seed: number): Promise<void> {
  const random = randomNumbers(seed);
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
    const delay = random.below(400);
    await using host = await bootHost(place, "none");
    const { machine } = host;
    await machine.eventually(120, () => {
      assertMatch(machine.console(), new RegExp(`first boot: ${step}\\r?$`, "m"));
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, delay));
    const shown = machine.console();
    const last = steps.indexOf(step) === steps.length - 1;
    assert(last || !shown.includes("first boot: done"), `seed ${seed}: ${step} was too late`);
  }
  await using host = await bootHost(place, "online");
  const { ssh, machine } = host;
  await machine.orConsole(async () => {
    await lookAtHost(ssh, { name: "web", address: TOWER.online.host, role: "online" });
    const sectors = Number(await ssh("cat /sys/class/block/vda2/size"));
    assert(sectors > (CARD_MIB - 60) * 2048, `seed ${seed}: the root has ${sectors} sectors`);
    assertEquals(
      (await ssh("find /etc /var/lib/tower -name '*.new' 2>/dev/null || true")).trim(),
      "",
    );
  });
  await host.powerOff();
}
