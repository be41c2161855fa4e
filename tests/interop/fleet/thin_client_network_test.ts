import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TOWER_PLAN } from "../../../lib/address_plan/address_plan.ts";
import { setupFiles } from "../../../lib/fleet/thin_client_setup.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import type { MachineSpace } from "../../../lib/lab/machine_space.ts";
import { named } from "../../support/program/missing_programs.ts";
import { placed } from "../../support/fleet/provisioned_tower.ts";
import { pretendOpenrc, put, withCards } from "../../support/fleet/thin_client_machine.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const absent = ["ip", "iptables-save", "nsenter", "ssh"].filter((p) => !runner.which(p));
const missing = rootMissing() ?? (absent.length > 0 ? `no ${absent.join(", ")}` : undefined);
const [ONE, TWO, THREE] = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"];
const FILES = setupFiles({ online: ONE, offline: TWO }, TOWER_PLAN, {
  oneCable: false,
  gateway: false,
});

/** Runs the boot service without OpenRC; returns what it said. */
async function nameCards(machine: MachineSpace): Promise<string> {
  await put(machine, "/run/tower-cards", FILES.service);
  await put(machine, "/etc/mactab", FILES.mactab);
  const stubs = 'ebegin() { :; }; ewarn() { echo "$@"; }; eend() { return "$1"; }';
  return await machine.run("sh", "-uc", `${stubs}\n. /run/tower-cards\nstart`);
}

async function cardsOf(machine: MachineSpace): Promise<Record<string, string>> {
  const text = await machine.run(
    ...["sh", "-c", "for c in /sys/class/net/*; do echo ${c##*/} $(cat $c/address); done"] as const,
  );
  const pairs = text.trim().split("\n").map((line) => line.split(" ") as [string, string]);
  return Object.fromEntries(pairs.filter(([name]) => name !== "lo"));
}

Deno.test({
  ...named("cards that changed their names get their own back at the start", missing),
  fn: () =>
    withCards({ eth0: TWO, eth1: ONE }, async (machine) => {
      assertEquals(await nameCards(machine), "");
      assertEquals(await cardsOf(machine), { eth0: ONE, eth1: TWO });
      assertEquals(await nameCards(machine), "");
    }),
});

Deno.test({
  ...named(
    "E24: a card that is missing is told of; a strange one does not take its place",
    missing,
  ),
  fn: () =>
    withCards({ eth0: TWO, eth1: THREE }, async (machine) => {
      assertEquals(await nameCards(machine), `There is no card ${ONE}: nothing is called eth0\n`);
      const cards = await cardsOf(machine);
      assertEquals([cards["eth0"], cards["eth1"]], [undefined, TWO]);
      assertEquals(Object.values(cards).sort(), [TWO, THREE]);
    }),
});

Deno.test({
  ...named("network apply sets a thin client up, once; doctor sees what is wrong with it", missing),
  fn: () =>
    withCards({ lan7: ONE, eth1: TWO }, async (machine) => {
      using tower = new TowerProgram({ runner: placed(runner, (c) => machine.inside(c)) });
      const doctor = async () => (await tower.run("doctor")).out;
      assertStringIncludes(await doctor(), "this machine is no thin client");
      const lost = await tower.run("network", "apply");
      assertEquals(lost.code, 1);
      assertStringIncludes(lost.err, `here are eth1 (${TWO}), lan7 (${ONE})`);
      const apply = ["network", "apply", "--online", "lan7"];
      assertStringIncludes((await tower.run(...apply)).err, "it has no OpenRC");
      await pretendOpenrc(machine);
      const before = "auto lo eth1\niface eth1 inet dhcp\n\n# mine\niface wlan0 inet manual\n";
      await machine.run("mkdir", "-p", "/etc/network");
      await put(machine, "/etc/network/interfaces", before);
      using plain = new TowerProgram({
        runner: asUser(placed(runner, (c) => machine.inside(c))),
      });
      const shown = await plain.run(...apply, "--dry-run");
      assertEquals(shown.code, 0, shown.err);
      assertStringIncludes(shown.err, "stays in this machine's network:\n  # mine\n  iface wlan0");
      assertMatch(shown.out, /^thinclient: set up the network: sh -c .* tower-network\n$/m);
      assertEquals((await plain.run(...apply)).code, 1);
      assertStringIncludes(shown.out, `thinclient: /etc/mactab\n+ eth0 ${ONE}\n+ eth1 ${TWO}\n`);
      const first = await tower.run(...apply);
      assertEquals(
        [first.code, first.out],
        [0, "thinclient: set up; see tower network show\n"],
        first.err,
      );
      const text = (path: string) => machine.run("cat", path);
      assertEquals(await text("/etc/network/interfaces.before-tower"), before);
      assertEquals(
        await text("/etc/network/interfaces"),
        `${FILES.interfaces}\n# mine\niface wlan0 inet manual\n`,
      );
      assertEquals((await tower.run("network", "apply")).out, "thinclient: already set up\n");
      assertStringIncludes(await doctor(), "this machine's firewall is not the thin client's");
      assertEquals((await tower.run("firewall", "apply")).code, 0);
      assertEquals(await doctor(), "Nothing is wrong.\n");

      const wrong: [string, string][] = [
        ["ip link set eth1 down", "eth1 is off"],
        [
          "ip link set eth1 up; ip addr add 10.0.0.7/24 dev eth1",
          "no tower's network: 10.0.0.7/24",
        ],
        [
          "ip addr del 10.0.0.7/24 dev eth1; ip route add default via 192.168.2.7",
          "a way around the tower, through eth0 to 192.168.2.7",
        ],
        [
          "ip route del default; echo 1 >/proc/sys/net/ipv4/ip_forward",
          "this machine forwards IPv4",
        ],
        [
          "echo 0 >/proc/sys/net/ipv4/ip_forward; iptables -A INPUT -j ACCEPT",
          "this machine's firewall is not the thin client's: the rules in force",
        ],
        ["ip addr flush dev eth1; ip addr add 192.168.3.100/24 dev eth0", "with one cable both"],
      ];
      for (const [command, problem] of wrong) {
        await machine.run("sh", "-c", command);
        assertStringIncludes(await doctor(), problem);
      }
      const one = await tower.run("network", "apply", "--one-cable");
      assertStringIncludes(one.err, "warning: with one cable both networks are one"); // B7
    }),
});

/** A runner that says it is a plain user's. */
function asUser(runner: Runner): Runner {
  return {
    which: (program) => runner.which(program),
    spawn: (command, options) => runner.spawn(command, options),
    run: (command, options) =>
      runner.run(command.argv[0] === "id" ? { argv: ["echo", "1000"] } : command, options),
  };
}
