import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writeTowerEnv } from "../../lib/tower_env/tower_env.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost } from "../support/machine/host_machine.ts";
import { cardOf, hostMissing, offlineEnv, TOWER } from "../support/build/host_system.ts";
import { named } from "../support/program/missing_programs.ts";

const missing = hostMissing();

Deno.test({
  ...named("a refused tower.env is told on the console, line by line, and nothing opens", missing),
  async fn() {
    await using bench = await hostBench(TOWER.offline.thinClient);
    const { client, image, folder, network } = bench;
    const good = new TextDecoder().decode(writeTowerEnv(offlineEnv(client.publicKey), "boot"));
    const bad = good.replace("HOSTNAME='vault'", "HOSTNAME='$(reboot)'") + "USERNAME='mallory'\n";
    // As dd writes it: such a card starts as well.
    const files = [{ name: "tower.env", bytes: new TextEncoder().encode(bad) }];
    const card = cardOf(image, join(folder, "card.img"), files, "plain");
    await using host = await bootHost({ ...bench, card }, "none");
    const { machine } = host;
    await machine.eventually(150, () => Promise.resolve(assertMatch(machine.console(), /login:/)));
    await machine.orConsole(async () => {
      const shown = machine.console();
      assertStringIncludes(shown, "This machine is not a host yet");
      assertMatch(shown, /line 1: HOSTNAME .*must have 1 to 15 of a-z/);
      assertMatch(shown, /line \d+: USERNAME is there twice, first in line 2/);
      assertStringIncludes(shown, "the network stays closed");
      assertMatch(shown, /tower login:/);
      const { host } = TOWER.offline;
      const reached = await network.run("ping", "-c", "1", "-W", "2", host)
        .then(() => true, () => false);
      assert(!reached, "the machine must have no address");
      const seen = await network.run("ip", "neigh", "show", "dev", "tap0");
      assert(!/lladdr/.test(seen), `something answered on the network: ${seen}`);
    });
  },
});
