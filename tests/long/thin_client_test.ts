import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { TOWER } from "../support/build/host_system.ts";
import { buildThinClient, thinClientMissing } from "../support/build/thin_client_system.ts";
import { atConsole } from "../support/machine/console_machine.ts";
import { PATIENCE, startMachine } from "../support/machine/test_machine.ts";
import { named } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
const CARD = 1 << 30;
/** Seconds that provisioning takes at most under emulation, and a host's start. */
const [PROVISION, START] = [400 * PATIENCE, 170];

Deno.test({
  ...named(
    "a CD with the thin client, started by BIOS, makes the card of a host without any network, and that card starts",
    thinClientMissing(),
  ),
  async fn() {
    using folder = tempFolder();
    const image = await buildThinClient(folder.path);
    const card = join(folder.path, "card.img");
    Deno.writeFileSync(card, new Uint8Array());
    Deno.truncateSync(card, CARD);
    const firmware = { kind: "bios" } as const;
    let hostKey = "";
    const moreDisks = [{ image: card, serial: "card", removable: true }] as const;
    await atConsole(runner, { image, disk: "cd", firmware, moreDisks }, async (shell) => {
      const { text: disks } = await shell.run("lsblk -dnbo NAME,SIZE", 60);
      const name = new RegExp(`^(\\S+) +${CARD}$`, "m").exec(disks)?.[1];
      const words = `provision vault --offline --boot-device /dev/${name} --no-confirm`;
      const { code, text } = await shell.run(
        `tower ${words} --timezone UTC --force --no-wait`,
        PROVISION,
      );
      assertEquals(code, 0, text);
      assertMatch(text, /^vault is made; its address is 192\.168\.3\.200\.$/m);
      const keep =
        "tar -C ~ -cz .local/tower > /tmp/kept && rm -r ~/.local && tar -C ~ -xz < /tmp/kept";
      assertEquals((await shell.run(keep, 60)).code, 0);
      const { text: listed } = await shell.run("tower list", 60);
      assertMatch(listed, /^vault /m);
      const pub = "~/.local/tower/hosts/vault/ssh_host_ed25519_key.pub";
      hostKey = (await shell.run(`cat ${pub}`, 60)).text;
    });
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", `${TOWER.offline.thinClient}/24`);
    await using machine = startMachine(runner, folder.path, {
      ...{ image: card, snapshot: false, firmware: { kind: "bios" } },
      network: { kind: "tap", interface: "tap0" },
    }, (command) => network.inside(command));
    await machine.eventually(START, async () => {
      const keys = await network.run("ssh-keyscan", "-t", "ed25519", TOWER.offline.host);
      assertEquals(keys.trim().split(" ").slice(1), hostKey.trim().split(" ").slice(0, 2));
    });
  },
});
