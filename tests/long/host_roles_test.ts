import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { quoteArgv } from "../../lib/proc/quoting.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { lookAtHardening } from "../support/machine/hardening_check.ts";
import { type HostBench, hostBench } from "../support/machine/host_bench.ts";
import {
  bootHost,
  type Hardware,
  type HostRole,
  lookAtHost,
  type RunningHost,
  type Ssh,
} from "../support/machine/host_machine.ts";
import {
  envFile,
  hostMissing,
  offlineEnv,
  routerEnv,
  TOWER,
  WLAN,
} from "../support/build/host_system.ts";
import type { RouterAnswers } from "../support/machine/router_client.ts";
import { loadRules, positionOfHost, wantedRules } from "../../lib/fleet/firewall.ts";
import { wpaSupplicantConf } from "../../lib/tower_env/wlan.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;
const runner = denoRunner();

function boot(
  bench: HostBench,
  role: HostRole,
  files: readonly { name: string; bytes: Uint8Array }[],
  hardware: Hardware,
): Promise<RunningHost> {
  return bootHost({ ...bench, card: bench.card(...files), hardware }, role);
}

/** Rules that wait for a confirmation are taken back in time, however the clock is set meanwhile. */
async function lookAtClockJumps(ssh: Ssh): Promise<void> {
  const wanted = wantedRules(positionOfHost(offlineEnv("")), "x86_64");
  const other = { ...wanted, ipv4: wanted.ipv4.replace("COMMIT", "-A INPUT -j DROP\nCOMMIT") };
  const { argv, stdin } = loadRules(other, { token: "c10c", timeout: 15 });
  const waited = await ssh(`doas ${quoteArgv(argv)} <<'RULES' || exit
${new TextDecoder().decode(stdin)}RULES
for time in 2208988800 86400 1800000000; do doas date -u -s "@$time" >/dev/null || exit; done
read -r begin rest </proc/uptime
while doas iptables -S INPUT | grep -q -e '-A INPUT -j DROP'; do sleep 1; done
read -r end rest </proc/uptime
echo $((\${end%.*} - \${begin%.*}))
`);
  const seconds = Number(waited);
  assert(seconds >= 5 && seconds <= 15 + 10 * PATIENCE, `the rules stayed for ${waited} s`);
}

function connects(network: NetworkNamespace, address: string, port: number): Promise<boolean> {
  return network.run("timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${address}/${port}`)
    .then(() => true, () => false);
}

/** What a start with a broken file of rules shows on the console. */
const LOOK = `#!/bin/sh
ip link set eth0 up
ip address add ${TOWER.offline.host}/24 dev eth0
nc -l -p 22 -e true </dev/null >/dev/null 2>&1 &
{
	for tool in iptables ip6tables; do $tool -S | sed "s/^/look: $tool /"; done
	echo "look: sshd $(rc-service sshd status 2>&1 | tr -d '\n')"
	echo "look: done"
} >/dev/ttyS0
`;

/** A host whose rules cannot be loaded drops every packet, has no network, and says so. */
async function lookAtBrokenRules(bench: HostBench): Promise<void> {
  const card = join(bench.folder, "card.img");
  await using host = await bootHost({ ...bench, card, hardware: { clock: FUTURE } }, "none");
  const { machine } = host;
  await machine.eventually(
    150,
    () => Promise.resolve(assertMatch(machine.console(), /look: done/)),
  );
  await machine.orConsole(async () => {
    const shown = machine.console();
    for (const chain of ["INPUT", "FORWARD", "OUTPUT"]) {
      assertStringIncludes(shown, `look: iptables -P ${chain} DROP`);
      assertStringIncludes(shown, `look: ip6tables -P ${chain} DROP`);
    }
    const order = ["Closing the network", "Setting kernel parameters", "Loading ip6tables rules"]
      .map((line) => shown.indexOf(line));
    assertEquals(
      order,
      order.toSorted((one, other) => one - other),
      "forwarding before its filter",
    );
    assert(!shown.includes("look: iptables -A"), "a part of the rules was loaded");
    assertMatch(shown, /look: sshd .*stopped/);
    assertMatch(shown, /networking.*iptables would not start/);
    const { host } = TOWER.offline;
    assert(!await connects(bench.network, host, 22), "port 22 is reached");
    // It has answered who it is, so its card was on.
    assertMatch(await bench.network.run("ip", "neighbour", "show", host), /lladdr/);
  });
}

/** A network card that is put into a running host is off, and is nobody's way in or through. */
async function lookAtNewCard({ ssh, machine }: RunningHost, network: NetworkNamespace) {
  await network.addTap("tap1", "10.7.0.2/24", "fe80::7/64");
  await machine.plugIn("tap1");
  await machine.eventually(30, async () => {
    assertStringIncludes(await ssh("ls /sys/class/net"), "eth1");
  });
  assert(!(await ssh("ip -o link show eth1")).includes("UP"), "it is on");
  const settings = await ssh(
    "cd /proc/sys/net; cat ipv6/conf/eth1/disable_ipv6 ipv6/conf/eth1/accept_ra " +
      "ipv4/conf/eth1/rp_filter ipv4/conf/eth1/accept_redirects",
  );
  assertEquals(settings, "1\n0\n1\n0\n");
  await ssh("doas ip address add 10.7.0.1/24 dev eth1; doas ip link set eth1 up");
  await ssh("for i in 1 2; do nc -l -p 8080 -e true; done </dev/null >/dev/null 2>&1 &");
  assert(!(await ssh("ip -6 -o address show")).includes("eth1"), "it has an IPv6 address");
  await network.run("ip", "route", "add", "10.99.0.1/32", "via", "10.7.0.1", "dev", "tap1");
  for (const [to, port] of [["10.7.0.1", 8080], ["10.7.0.1", 53], ["10.99.0.1", 53]] as const) {
    assert(!await connects(network, to, port), `a new card reaches ${to} port ${port}`);
  }
  // With a rule for it the same would be seen.
  await ssh("doas iptables -I INPUT -i eth1 -j ACCEPT");
  assert(await connects(network, "10.7.0.1", 8080), "the test sees nothing");
  await ssh("doas iptables -D INPUT 1");
  await network.run("ip", "route", "del", "10.99.0.1/32");
}

/** Clocks of hosts that have lost the time, or never had it. */
const PAST = "1970-01-01T00:01:00";
const FUTURE = "2040-02-29T23:59:00";

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
const CLIENT = fromFileUrl(new URL("../support/machine/router_client.ts", import.meta.url));

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
  name:
    "an offline host in 1970 has no way out and no name server, has the host keys it was given, and is " +
    `closed where its rules are broken${note}`,
  ignore,
  async fn() {
    await using bench = await hostBench(TOWER.offline.thinClient);
    const key = join(bench.folder, "given");
    await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key] });
    await using host = await boot(bench, "offline", [
      envFile(offlineEnv(bench.client.publicKey)),
      { name: "ssh_host_ecdsa_key", bytes: Deno.readFileSync(key) },
      { name: "ssh_host_ecdsa_key.pub", bytes: Deno.readFileSync(`${key}.pub`) },
    ], { clock: PAST });
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
      assertEquals((await ssh("date -u +%Y")).trim(), "1970");
      await lookAtClockJumps(ssh);
      const spoil = "sed -i s/COMMIT/nonsense/ /etc/iptables/rules-save; mkdir -p /etc/local.d; " +
        "cat >/etc/local.d/look.start; chmod 0755 /etc/local.d/look.start; sync";
      await ssh(`doas sh -ec ${quoteArgv([spoil])} <<'LOOK'\n${LOOK}LOOK`);
    });
    await host.powerOff();
    await lookAtBrokenRules(bench);
  },
});

Deno.test({
  name:
    `B6, B8: the router, in 2040, says that it has no Wi-Fi, and serves names, time, Tor and a way out${note}`,
  ignore,
  async fn() {
    await using bench = await hostBench(TOWER.online.thinClient);
    const env = envFile(routerEnv(bench.client.publicKey));
    await using host = await boot(bench, "router", [env], { clock: FUTURE, hasPlug: true });
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
    await machine.orConsole(() => lookAtNewCard(host, bench.network));
    await host.powerOff();
  },
});
