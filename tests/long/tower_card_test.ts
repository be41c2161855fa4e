import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { inventoryPlace } from "../../lib/inventory/inventory_reader.ts";
import { readInventory } from "../../lib/inventory/read_inventory.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { buildHost, CARD_MIB, hostMissing, TOWER } from "../support/build/host_system.ts";
import { LoopDevice, loopMissing } from "../support/format/loop_device.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { writeSums } from "../support/fleet/provisioning.ts";
import { sshInside, TowerProgram } from "../support/fleet/tower_program.ts";
import { startMachine } from "../support/machine/test_machine.ts";

const runner = denoRunner();
const missing = hostMissing() ?? programsMissing(runner, "zstd") ?? await loopMissing();
const NAME = "vault";
/** Seconds until an emulated host must answer. */
const START = "170";
/** A clock that stopped years ago. */
const CLOCK = ["-rtc", "base=2020-01-01T00:00:00"];

/** An image as it is handed out: compressed, its block map and digests beside it. */
async function compressed(image: string): Promise<string> {
  await runner.run({ argv: ["zstd", "-q", "-3", "--rm", image] });
  await writeSums(image);
  return `${image}.zst`;
}

/** An empty card in a reader. */
async function card(folder: string, name: string): Promise<LoopDevice> {
  const file = join(folder, name);
  Deno.writeFileSync(file, new Uint8Array());
  Deno.truncateSync(file, CARD_MIB * 2 ** 20);
  return await LoopDevice.create(file);
}

/** Waits until a host is in force. */
async function inForce(tower: TowerProgram): Promise<void> {
  const place = inventoryPlace(tower.env.home, tower.env.signal);
  const end = Date.now() + 60_000;
  while ((await readInventory(place)).hosts.length === 0) {
    if (Date.now() > end) throw new Error("no host is in force after 60 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  ...named(
    "a card that tower wrote starts a host; tower sees it come, gives it the time, and refuses another",
    missing,
  ),
  async fn(t) {
    using folder = tempFolder();
    const image = await compressed(await buildHost(folder.path));
    await using first = await card(folder.path, "card");
    await using second = await card(folder.path, "other");
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", `${TOWER.offline.thinClient}/24`);
    using tower = new TowerProgram({ runner: sshInside(runner, (c) => network.inside(c)) });
    const words = (device: LoopDevice) => [
      ...["provision", NAME, "--offline", "--image", image, "--boot-device", device.path],
      ...["--allow-fixed-disk", "--timezone", "America/North_Dakota/New_Salem", "--no-confirm"],
      // Forced, as the card that reaches the host is in another network than this program.
      ...["--timeout", START, "--force"],
    ];
    const provisioning = tower.run(...words(first));
    await Promise.race([inForce(tower), provisioning]);
    await using machine = startMachine(runner, folder.path, {
      image: first.path,
      snapshot: false,
      firmware: { kind: "bios" },
      network: { kind: "tap", interface: "tap0" },
    }, (command) => network.inside({ ...command, argv: [...command.argv, ...CLOCK] }));
    await t.step(
      "provision ends when the host is up and knows the time",
      () =>
        machine.orConsole(async () => {
          const { code, err } = await provisioning;
          assertEquals(code, 0, err);
          assertMatch(err, /^wait for vault: it is up, /m);
          assertMatch(err, /^vault: set the clock to 20[0-9-]+T/m);
        }),
    );
    await t.step(
      "status shows it so, with a root as large as the card",
      () =>
        machine.orConsole(async () => {
          const [host] = JSON.parse((await tower.run("status", "--json")).out);
          assertEquals([host.name, host.status], [NAME, "up"]);
          assert(Math.abs(host["time-offset"]) < 30, `${host["time-offset"]} s`);
          assert(parseFloat(host["disk-total"]) > CARD_MIB / 2, host["disk-total"]);
          const zone = await tower.run("ssh", NAME, "sh", "-c", "date | grep -q C[SD]T");
          assertEquals(zone.code, 0);
          // A random UUID (version 4), and not the image's, which its plan makes (version 8).
          const finds = async (pattern: string) =>
            (await tower.run("ssh", NAME, "grep", "-Eq", pattern, "/proc/cmdline")).code;
          assertEquals(await finds("root=UUID=[0-9a-f]{8}-[0-9a-f]{4}-4"), 0);
          assertEquals(await finds("rootdelay="), 1);
        }),
    );
    await t.step("a host that has other keys than its new card is refused at once", async () => {
      const begin = performance.now();
      const { code, err } = await tower.run(...words(second));
      assertEquals(code, 1, err);
      assertStringIncludes(
        err,
        `what answers at ${TOWER.offline.host} has another key than ${NAME}`,
      );
      assert(performance.now() - begin < Number(START) * 1000);
    });
  },
});
