import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { quoteArgv } from "../../lib/proc/quoting.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { tempFolder } from "../support/file_sink.ts";
import { lookAtHardening } from "../support/hardening_check.ts";
import {
  bootHost,
  type HostRole,
  lookAtHost,
  type RunningHost,
  type Ssh,
} from "../support/host_machine.ts";
import {
  buildHost,
  cardOf,
  envFile,
  hostMissing,
  offlineEnv,
  routerEnv,
  TOWER,
  WLAN,
} from "../support/host_system.ts";
import type { RouterAnswers } from "../support/router_client.ts";
import { wpaSupplicantConf } from "../../lib/tower_env/wlan.ts";
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
  role: HostRole,
  files: readonly { name: string; bytes: Uint8Array }[],
): Promise<RunningHost> {
  const card = cardOf(image, join(folder, "card.img"), files);
  return bootHost({ card, folder, network, client }, role);
}

/** A network beyond the Wi-Fi, in a namespace of the router's: its own dnsmasq gives addresses. */
const AIR = `set -e
unshare -n sleep 600 >/dev/null 2>&1 &
sleep 1
ip link add wlan0 type veth
ip link set veth0 netns $!
nsenter -t $! -n sh -ec '
	ip link set lo up
	ip addr add 10.99.0.1/24 dev veth0
	ip link set veth0 up
	dnsmasq --conf-file=/dev/null --pid-file=/run/air.pid --user=root --interface=veth0 --no-resolv \\
		--dhcp-range=10.99.0.10,10.99.0.20 --dhcp-leasefile=/run/air.leases \\
		--address=/far.test/93.184.216.34 --address=/trap.test/192.168.2.200'
lease=/usr/lib/tower/wifi-lease
# A Wi-Fi that has the tower's own addresses gets none of them in.
if env interface=wlan0 ip=192.168.2.77 mask=16 router=192.168.0.1 dns= $lease bound; then exit 1; fi
if ip -o -4 addr show dev wlan0 | grep .; then exit 1; fi
udhcpc -q -n -s $lease -i wlan0 2>&1
cat /etc/resolv.conf
`;
const CLIENT = fromFileUrl(new URL("../support/router_client.ts", import.meta.url));

/** B6: online hosts get names, time and Tor of the router, and their way out through it. */
async function lookAtServices(ssh: Ssh, network: NetworkNamespace): Promise<void> {
  assertStringIncludes(await ssh(`doas sh -c ${quoteArgv([AIR])}`), "nameserver 10.99.0.1\n");
  const { host, router } = TOWER.online;
  await network.run("ip", "address", "add", `${host}/24`, "dev", "tap0");
  await network.run("ip", "route", "add", "10.99.0.0/24", "via", router, "src", host);
  const client = [Deno.execPath(), "run", "--allow-all", "--no-check", CLIENT] as const;
  const answers: RouterAnswers = JSON.parse(
    await network.run(...client, host, router, "far.test", "trap.test"),
  );
  assertEquals(answers, {
    names: { "far.test": ["93.184.216.34"], "trap.test": [] },
    ntpMode: 4,
    socks: [5, 0],
  });
  // The server beyond sees the router alone, and answers.
  const beyond: RouterAnswers = JSON.parse(
    await network.run(...client, host, "10.99.0.1", "far.test"),
  );
  assertEquals(beyond.names, { "far.test": ["93.184.216.34"] });
}

Deno.test({
  name: `an offline host has no way out and no name server, and the host keys it was given${note}`,
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
        // Among other things, that no key is left on the boot partition.
        await lookAtHost(ssh, { name: "vault", address: TOWER.offline.host, role: "offline" });
        assert(!(await ssh("ip route")).includes("default"));
        assertEquals((await ssh("cat /etc/resolv.conf")).trim(), "");
        const out = await ssh(`nc -w 3 ${TOWER.offline.thinClient} 22 </dev/null; echo ended $?`);
        assertMatch(out, /ended [1-9]/);
        assert(!(await ssh("rc-status default")).includes("chronyd"));
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
  name:
    `B6, B8: the router says that it has no Wi-Fi, and serves names, time, Tor and a way out${note}`,
  ignore,
  fn: () =>
    withBench(TOWER.online.thinClient, async (bench) => {
      const env = envFile(routerEnv(bench.client.publicKey));
      await using host = await boot(bench, "router", [env]);
      const { ssh, machine } = host;
      await machine.orConsole(async () => {
        const place = { address: TOWER.online.router, role: "router" } as const;
        await lookAtHost(ssh, { name: "router", ...place });
        await lookAtHardening(ssh, { ...place, machine: "pc", arch: "x86_64" });
        assertStringIncludes(
          await ssh("doas iptables -t nat -S"),
          `-A POSTROUTING -s ${TOWER.online.network} -o wlan0 -j MASQUERADE`,
        );
        const forward = await ssh("doas iptables -S FORWARD");
        assertStringIncludes(forward, `-s ${TOWER.online.network} -i eth0 -o wlan0`);
        assert(!/-i wlan0/.test(forward), forward);
        const wifi = await ssh("doas cat /etc/wpa_supplicant/wpa_supplicant.conf");
        assertEquals(wifi, wpaSupplicantConf(WLAN)); // B8, B9
        assertMatch(machine.console(), /There is no wlan0/);
        const settings = await ssh("doas cat /var/lib/tower/firstboot/settings");
        assert(!/WLAN_SHARED_KEY|PASSWORD/.test(settings), settings);
      });
      await machine.orConsole(() => lookAtServices(ssh, bench.network));
      await host.powerOff();
    }),
});
