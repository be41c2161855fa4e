import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { quoteArgv } from "../../lib/proc/quoting.ts";
import { wlanOf } from "../../lib/tower_env/wlan.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost, type Ssh } from "../support/machine/host_machine.ts";
import { envFile, hostMissing, routerEnv, TOWER } from "../support/build/host_system.ts";
import { buildWifiHost } from "../support/build/wifi_system.ts";

const missing = hostMissing();
const NAME = `Caf\u00e9 "x" '$(id)'`;
const PASSWORD = `the "p4ssword'`;
/** Seconds until the router must have joined and have an address. */
const JOIN = 90;

/** Two radios of the kernel's own air; the second one moves to where the access point stands. */
const AIR = `set -e
modprobe mac80211_hwsim radios=2
phy=$(cat /sys/class/net/wlan1/phy80211/name)
unshare -n sleep 1200 >/dev/null 2>&1 &
echo $! >/run/air
sleep 1
iw phy "$phy" set netns "$!"
nsenter -t "$!" -n sh -ec '
	ip link set lo up
	ip addr add 10.99.0.1/24 dev wlan1
	dnsmasq --conf-file=/dev/null --pid-file=/run/air.pid --user=root --interface=wlan1 --bind-dynamic \\
		--no-resolv --dhcp-range=10.99.0.10,10.99.0.19 --dhcp-leasefile=/run/air.leases'
cat /sys/class/net/wlan0/phy80211/macaddress
`;

/** Starts an access point in place of the last one, then the router's own service. */
const joinBy = (conf: string) =>
  `set -e
kill "$(cat /run/hostapd.pid 2>/dev/null)" 2>/dev/null && sleep 1 || :
rm -f /run/air.log /etc/resolv.conf
cat >/run/air.conf <<'END'
${conf}END
nsenter -t "$(cat /run/air)" -n hostapd -dd -B -P /run/hostapd.pid -f /run/air.log /run/air.conf
rc-service tower-wifi restart
`;

function accessPoint(keyManagement: readonly string[]): string {
  const name = new TextEncoder().encode(NAME).toHex();
  const common = ["interface=wlan1", "driver=nl80211", `ssid2=${name}`, "hw_mode=g", "channel=1"];
  return [...common, "wpa=2", "rsn_pairwise=CCMP", ...keyManagement, ""].join("\n");
}
const WPA3 = accessPoint([
  ...["wpa_key_mgmt=SAE", "ieee80211w=2", "sae_pwe=2", `sae_password=${PASSWORD}`],
]);
const WPA2 = accessPoint(["wpa_key_mgmt=WPA-PSK", `wpa_passphrase=${PASSWORD}`]);

Deno.test({
  name: "B8, B9: the router joins a WPA3 and a WPA2 network of any name, each time as a stranger" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn(t) {
    await using bench = await hostBench(TOWER.online.thinClient, buildWifiHost);
    const env = { ...routerEnv(bench.client.publicKey), wlan: wlanOf(NAME, PASSWORD) };
    const card = bench.card(envFile(env as never));
    await using host = await bootHost({ ...bench, card }, "router");
    const { ssh, machine } = host;
    const root = (script: string) => ssh(`doas sh -c ${quoteArgv([script])}`);
    const permanent = (await machine.orConsole(() => root(AIR))).trim();
    assertMatch(permanent, /^[0-9a-f:]{17}$/);
    const seen: string[] = [];
    for (const [name, conf] of [["WPA3", WPA3], ["WPA2", WPA2]] as const) {
      await t.step(
        `${name}: it joins, and gets an address and name servers`,
        () =>
          machine.orConsole(async () => {
            await root(joinBy(conf));
            await joined(machine, ssh, root);
            const own = (await ssh("cat /sys/class/net/wlan0/address")).trim();
            assert(parseInt(own, 16) & 2, `${own} is not locally administered`);
            seen.push(own);
            const log = await root("cat /run/air.log");
            assertStringIncludes(log, `AP-STA-CONNECTED ${own}`);
            assertEquals(log.includes("auth_alg=3"), name === "WPA3");
            // Whatever was sent before the connection did not show it either.
            assert(!log.includes(permanent), "its own hardware address was in the air");
          }),
      );
    }
    assertNotEquals(seen[0], seen[1]);
    await host.powerOff();
  },
});

async function joined(
  machine: { eventually<T>(seconds: number, attempt: () => Promise<T>): Promise<T> },
  ssh: Ssh,
  root: (script: string) => Promise<string>,
): Promise<void> {
  await machine.eventually(JOIN, async () => {
    assertStringIncludes(await root("iw dev wlan0 link"), "Connected to");
    assertMatch(await ssh("ip -o -4 addr show dev wlan0"), /inet 10\.99\.0\.1\d\/24/);
    assertEquals(await ssh("cat /etc/resolv.conf"), "nameserver 10.99.0.1\n");
    assertMatch(await ssh("ip route"), /default via 10\.99\.0\.1 dev wlan0/);
  });
}
