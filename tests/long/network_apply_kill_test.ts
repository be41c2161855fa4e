import { assert, assertEquals, assertGreater } from "@std/assert";
import { TOWER_PLAN } from "../../lib/address_plan/address_plan.ts";
import { SET_UP, setupFiles, setupInput } from "../../lib/fleet/thin_client_setup.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { rootMissing } from "../support/format/disk_tree.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { placed } from "../support/fleet/provisioned_tower.ts";
import { pretendOpenrc, put, withCards } from "../support/fleet/thin_client_machine.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = rootMissing() ?? programsMissing(runner, "ip", "nsenter", "ssh");
const [ONE, TWO] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
const FILES = setupFiles({ online: ONE, offline: TWO }, TOWER_PLAN, {
  oneCable: false,
  gateway: false,
});
const BEFORE = "auto lo\niface lo inet loopback\n\n# mine\niface wlan0 inet manual\n";
const RESET = `
rm -rf /etc/mactab* /etc/init.d/tower-cards* /etc/network/interfaces* /etc/runlevels/boot/* /run/tower*
ip addr flush dev eth0; ip addr flush dev eth1; ip link set eth0 down; ip link set eth1 down`;

/** The script, which kills itself as its statement `at` is done for the `nth` time; undefined where that is none. */
function killed(at: number, nth: number): string | undefined {
  const lines = SET_UP.split("\n");
  const line = lines[at]!;
  if (line === "" || /^\S*\(\) \{$|^\}$|^set -eu$/.test(line)) return undefined;
  const kill = `n=$((\${n:-0} + 1)); [ "$n" -lt ${nth} ] || kill -9 $$`;
  return lines.toSpliced(at, 0, kill).join("\n");
}

Deno.test({
  ...named(
    "network apply killed before any of its statements is done again, and is whole",
    missing,
  ),
  fn: () =>
    withCards({ eth0: ONE, eth1: TWO }, async (machine) => {
      using tower = new TowerProgram({ runner: placed(runner, (c) => machine.inside(c)) });
      await pretendOpenrc(machine);
      await machine.run("mkdir", "-p", "/etc/network");
      const text = (path: string) => machine.run("cat", path);
      let kills = 0;
      for (const nth of [1, 2, 3]) {
        for (let at = 0; at < SET_UP.split("\n").length; at++) {
          const script = killed(at, nth);
          if (script === undefined) continue;
          await machine.run("sh", "-c", RESET);
          await put(machine, "/etc/network/interfaces", BEFORE);
          const { ending } = await runner.run({
            ...machine.inside({
              argv: ["sh", "-c", 'sh -c "$1" || exit 9', "sh", script],
              stdin: setupInput(FILES),
            }),
            okCodes: [0, 9],
          });
          // Statements outside functions are done once.
          if (ending.kind === "exited" && ending.code === 0) continue;
          kills++;
          const where = `before line ${at}, time ${nth}: ${SET_UP.split("\n")[at]}`;
          const again = await tower.run("network", "apply");
          assertEquals([again.code, again.out.trim()], [
            0,
            "thinclient: set up; see tower network show",
          ], `${where} ${again.err}`);
          assertEquals(await text("/etc/mactab"), FILES.mactab, where);
          assertEquals(await text("/etc/network/interfaces.before-tower"), BEFORE, where);
          assert((await text("/etc/network/interfaces")).startsWith(FILES.interfaces), where);
          for (const [card, address] of [["eth0", "192.168.2.100"], ["eth1", "192.168.3.100"]]) {
            const seen = await machine.run("ip", "-o", "-4", "addr", "show", "dev", card!);
            assert(seen.includes(address!), `${where}: ${card} ${seen}`);
          }
          const left = await machine.run(
            "sh",
            "-c",
            "ls /etc/*.new /etc/*/*.new /run/tower* 2>&1 || :",
          );
          assert(!/^\//m.test(left), `${where}: ${left}`);
          assertEquals((await tower.run("network", "apply")).out, "thinclient: already set up\n");
        }
      }
      assertGreater(kills, 25);
    }),
});
