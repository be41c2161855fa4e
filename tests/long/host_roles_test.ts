import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { tempFolder } from "../support/file_sink.ts";
import { bootHost, type HostRole, lookAtHost, type RunningHost } from "../support/host_machine.ts";
import {
  buildHost,
  cardOf,
  envFile,
  hostMissing,
  offlineEnv,
  routerEnv,
  TOWER,
} from "../support/host_system.ts";
import { NetworkNamespace } from "../support/network_namespace.ts";
import { SshClient } from "../support/ssh_client.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;
const runner = denoRunner();

interface Bench {
  readonly folder: string;
  readonly client: SshClient;
  readonly image: string;
  readonly network: NetworkNamespace;
}

/** A built image, a thin client's key, and a network where the thin client has this address. */
async function withBench(
  thinClient: string,
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  using folder = tempFolder();
  const client = await SshClient.create(runner, folder.path);
  const image = await buildHost(folder.path);
  await using network = await NetworkNamespace.create(runner);
  await network.addTap("tap0", `${thinClient}/24`);
  await work({ folder: folder.path, client, image, network });
}

function boot(
  { folder, client, image, network }: Bench,
  role: HostRole | "none",
  files: readonly { name: string; bytes: Uint8Array }[],
): Promise<RunningHost> {
  const card = cardOf(image, join(folder, "card.img"), files);
  return bootHost({ card, folder, network, client }, role);
}

Deno.test({
  name: `an offline host has no way out and no name server${note}`,
  ignore,
  fn: () =>
    withBench(TOWER.offline.thinClient, async (bench) => {
      const env = envFile(offlineEnv(bench.client.publicKey));
      await using host = await boot(bench, "offline", [env]);
      const { ssh, machine } = host;
      await machine.orConsole(async () => {
        await lookAtHost(ssh, { name: "vault", address: TOWER.offline.host, role: "offline" });
        assert(!(await ssh("ip route")).includes("default"));
        assertEquals((await ssh("cat /etc/resolv.conf")).trim(), "");
        const out = await ssh(`nc -w 3 ${TOWER.offline.thinClient} 22 </dev/null; echo ended $?`);
        assertMatch(out, /ended [1-9]/);
        assert(!(await ssh("rc-status default")).includes("chronyd"));
      });
      await host.powerOff();
    }),
});

Deno.test({
  name: `the router forwards and masks for its network, and says that it has no Wi-Fi${note}`,
  ignore,
  fn: () =>
    withBench(TOWER.online.thinClient, async (bench) => {
      const env = envFile(routerEnv(bench.client.publicKey));
      await using host = await boot(bench, "router", [env]);
      const { ssh, machine } = host;
      await machine.orConsole(async () => {
        await lookAtHost(ssh, { name: "router", address: TOWER.online.router, role: "router" });
        assertStringIncludes(
          await ssh("doas iptables -t nat -S"),
          `-A POSTROUTING -s ${TOWER.online.network} -o wlan0 -j MASQUERADE`,
        );
        const forward = await ssh("doas iptables -S FORWARD");
        assertStringIncludes(forward, `-s ${TOWER.online.network} -i eth0 -o wlan0`);
        assert(!/-i wlan0/.test(forward), forward);
        const wifi = await ssh("doas cat /etc/wpa_supplicant/wpa_supplicant.conf");
        assertStringIncludes(wifi, "ssid=6e6574\n");
        assertMatch(machine.console(), /There is no wlan0/);
        const settings = await ssh("doas cat /var/lib/tower/firstboot/settings");
        assert(!/WLAN_SHARED_KEY|PASSWORD/.test(settings), settings);
      });
      await host.powerOff();
    }),
});

Deno.test({
  name: `host keys on the boot partition become the host's own, and are gone there${note}`,
  ignore,
  fn: () =>
    withBench(TOWER.offline.thinClient, async (bench) => {
      const key = join(bench.folder, "given");
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key] });
      await using host = await boot(bench, "offline", [
        envFile(offlineEnv(bench.client.publicKey)),
        { name: "ssh_host_ecdsa_key", bytes: Deno.readFileSync(key) },
        { name: "ssh_host_ecdsa_key.pub", bytes: Deno.readFileSync(`${key}.pub`) },
      ]);
      const { ssh, machine } = host;
      await machine.orConsole(async () => {
        await lookAtHost(ssh, { name: "vault", address: TOWER.offline.host, role: "offline" });
        const given = Deno.readTextFileSync(`${key}.pub`).split(" ")[1]!;
        assertStringIncludes(await ssh("cat /etc/ssh/ssh_host_ecdsa_key.pub"), given);
        const known = Deno.readTextFileSync(join(bench.folder, "known_hosts"));
        assertStringIncludes(known, given);
        assertEquals((await ssh("ls /etc/ssh | grep -c _key$")).trim(), "1");
      });
      await host.powerOff();
    }),
});

Deno.test({
  name: `without tower.env a machine says so and has no network${note}`,
  ignore,
  fn: () =>
    withBench(TOWER.offline.thinClient, async (bench) => {
      await using host = await boot(bench, "none", []);
      const { machine } = host;
      await machine.eventually(
        150,
        () => Promise.resolve(assertMatch(machine.console(), /login:/)),
      );
      await machine.orConsole(() => {
        assertStringIncludes(
          machine.console(),
          "the file tower.env on its boot partition is missing",
        );
        assertStringIncludes(machine.console(), "the network stays closed");
        return Promise.resolve();
      });
      const seen = await bench.network.run("ip", "neigh", "show", "dev", "tap0");
      assert(!/lladdr/.test(seen), seen);
    }),
});
