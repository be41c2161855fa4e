import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { buildHost, hostMissing, TOWER } from "../support/build/host_system.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { sshInside, TowerProgram } from "../support/fleet/tower_program.ts";
import { startMachine } from "../support/machine/test_machine.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const runner = denoRunner();
const NAME = "vault";
/** Seconds until an emulated host must answer, and until it must be off. */
const START = 170;
const STOP = 60;

Deno.test({
  name:
    `a host that tower provisioned boots, is up, lets its owner in, and a swapped key is refused${note}`,
  ignore: missing !== undefined,
  async fn(t) {
    using folder = tempFolder();
    const image = await buildHost(folder.path);
    const card = join(folder.path, "card.img");
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", `${TOWER.offline.thinClient}/24`);
    using tower = new TowerProgram({ runner: sshInside(runner, (c) => network.inside(c)) });
    const made = await tower.run(
      ...["provision", NAME, "--offline", "--image", image, "--device-file", card],
      ...["--timezone", "Europe/Berlin", "--no-confirm", "--json"],
    );
    assertEquals(made.code, 0, made.err);
    assertEquals(JSON.parse(made.out), { host: NAME, address: TOWER.offline.host, state: "ready" });
    await using machine = startMachine(runner, folder.path, {
      image: card,
      snapshot: false,
      firmware: { kind: "bios" },
      network: { kind: "tap", interface: "tap0" },
    }, (command) => network.inside(command));
    await t.step(
      "tower status shows it up, with its own facts",
      () =>
        machine.eventually(START, async () => {
          const { code, out } = await tower.run("status", "--json");
          const [host] = JSON.parse(out);
          assertEquals(
            [code, host.name, host.status, host.ip],
            [0, NAME, "up", TOWER.offline.host],
            out,
          );
          assertMatch(host.system, /\S/);
          assert(host["packages-installed"] > 10 && host.uptime > 0, out);
        }),
    );
    await t.step(
      "tower ssh gets in with the key that was made for it",
      () =>
        machine.orConsole(async () => {
          const script = 'test "$(hostname)" = "$1" && test "$(id -un)" = alice';
          const right = await tower.run("ssh", NAME, "sh", "-c", script, "x", NAME);
          assertEquals(right.code, 0, right.err);
          assertEquals((await tower.run("run", NAME, "sh", "-c", "exit 7")).code, 7);
        }),
    );
    await t.step(
      "tower status bears a clock of 1970, and tower synctime sets it",
      () =>
        machine.orConsole(async () => {
          // Linux takes no time that is less than the machine has been up.
          const past = await tower.run("ssh", NAME, "doas", "date", "-s", "@86400");
          assertEquals(past.code, 0, past.err);
          const set = await tower.run("synctime");
          assertEquals(
            [set.code, set.out.startsWith(`${NAME}: set the clock to 20`)],
            [0, true],
            set.out,
          );
          const [host] = JSON.parse((await tower.run("status", "--json")).out);
          // Under emulation a connection takes seconds.
          assert(Math.abs(host["time-offset"]) < 30, `${host["time-offset"]} s`);
        }),
    );
    await t.step(
      "B5: tower firewall apply finds the first boot's rules in force, and brings them back",
      () =>
        machine.orConsole(async () => {
          const apply = () => tower.run("firewall", "apply", NAME);
          const first = await apply();
          assertEquals([first.code, first.out], [0, `${NAME}: already in force\n`], first.err);
          const open = "iptables -A INPUT -p udp -j ACCEPT; ip6tables -P FORWARD ACCEPT";
          await tower.run("ssh", NAME, "doas", "sh", "-c", open);
          const second = await apply();
          assertEquals(second.out, `${NAME}: in force, and kept for its next start\n`, second.err);
          assertEquals((await apply()).out, `${NAME}: already in force\n`);
        }),
    );
    await t.step("a host with a swapped key is refused", async () => {
      const known = join(tower.folder, "known_hosts");
      const pub = join(tower.folder, "hosts", NAME, "ssh_host_ed25519_key.pub");
      const [truth, swapped] = [Deno.readTextFileSync(pub), `${NAME}-fake`];
      await runner.run({
        argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder.path, swapped)],
      });
      // The other keys leave, or the host would still prove itself by them.
      for (const type of ["ecdsa", "rsa"]) {
        Deno.renameSync(
          pub.replace("ed25519", type),
          join(folder.path, `${type}.pub`),
        );
      }
      Deno.copyFileSync(join(folder.path, `${swapped}.pub`), pub);
      const { code, out } = await tower.run("status", NAME);
      assertEquals(code, 3, out);
      assertStringIncludes(
        out,
        `what answers at ${TOWER.offline.host} has another key than ${NAME}`,
      );
      assertEquals((await tower.run("ssh", NAME, "true")).code, 255);
      Deno.writeTextFileSync(pub, truth);
      assert(Deno.readTextFileSync(known).includes(NAME));
    });
    await t.step("tower poweroff turns it off", async () => {
      const { code, out, err } = await tower.run("poweroff", NAME);
      assertEquals([code, out], [0, `${NAME}: power off\n`], err);
      assertEquals(await machine.waitForEnd(STOP), { kind: "exited", code: 0 });
      assertEquals((await tower.run("poweroff")).out, "Nothing to do.\n");
    });
  },
});
