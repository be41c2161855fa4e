import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { addressOf, bootHost, type RunningHost } from "../support/machine/host_machine.ts";
import { envFile, hostMissing, onlineEnv, routerEnv, TOWER } from "../support/build/host_system.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { agentArgv, ODD } from "../support/firewall/packet_storm.ts";
import type { StormSpec } from "../support/firewall/storm_frames.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const runner = denoRunner();
const SEED = Number(Deno.env.get("TOWER_SEED") ?? 20261127);
/** Connections that a host knows at most in these tests; a Raspberry Pi knows 65,536. */
const MOST = 200;
const COUNT = "cat /proc/sys/net/netfilter/nf_conntrack_count";

/** Sends frames to a host; hosts of both networks and nobody are their sources. */
async function storm(
  { ssh }: RunningHost,
  network: NetworkNamespace,
  spec: Pick<StormSpec, "seed" | "count" | "destinations">,
): Promise<void> {
  const { online, offline } = TOWER;
  const mac = (await ssh("cat /sys/class/net/eth0/address")).trim().replaceAll(":", "");
  const places: string[] = [...Object.values(online), ...Object.values(offline), "fe80::1"];
  const sources = places.filter((place) => !place.includes("/")).concat(ODD);
  const text = JSON.stringify({ ...spec, mac, sources });
  await network.run(...agentArgv("storm", "tap0", text));
}

/** Nothing of a storm is left but what rules let in: the host is up, its log short. */
async function endure(host: RunningHost, address: string, network: NetworkNamespace) {
  const { ssh, machine } = host;
  await ssh(`doas sh -c 'echo ${MOST} >/proc/sys/net/netfilter/nf_conntrack_max'`);
  const logged = async () => Number(await ssh("doas cat /var/log/messages | wc -c"));
  const before = await logged();
  const destinations = [address, "10.99.0.1", "8.8.8.8", ...ODD, "fe80::2"];
  for (let i = 0; i < 3; i++) {
    await storm(host, network, { seed: SEED + i, count: 40_000, destinations });
    await machine.eventually(30, () => ssh("true"));
    assert(Number(await ssh(COUNT)) <= MOST);
  }
  const grown = await logged() - before;
  assert(grown < 64_000, `the log has grown by ${grown} bytes`);
  assert(!/Call Trace|Kernel panic|Out of memory/.test(machine.console()), machine.console());
}

/** What is refused fills no table; what is allowed may, and even then nothing is let in. */
async function fill({ ssh, machine }: RunningHost, network: NetworkNamespace): Promise<void> {
  const { router, neighbour } = TOWER.online;
  await network.run("ip", "address", "add", `${neighbour}/24`, "dev", "tap0");
  await network.run("ip", "route", "add", `${router}/32`, "dev", "tap0", "src", neighbour);
  const held = (port: number) =>
    runner.spawn(network.inside({ argv: agentArgv("hold", `${router}:${port}`, "400") }));
  const opened = async (child: ReturnType<typeof held>) =>
    Number(new TextDecoder().decode((await child.stdout.getReader().read()).value));
  const thinClient = ["ip", "route", "replace", `${router}/32`, "dev", "tap0", "src"] as const;
  const asThinClient = () => network.run(...thinClient, TOWER.online.thinClient);
  await asThinClient();
  // What the storms left, of services that are open.
  const before = Number(await ssh(COUNT));
  await network.run(...thinClient, neighbour);
  {
    await using refused = held(8000);
    assertEquals(await opened(refused), 0);
    await asThinClient();
    const known = Number(await ssh(COUNT));
    assert(known < before + 10, `a port that is closed made ${before} connections ${known}`);
  }
  const standing = ssh("for i in $(seq 40); do sleep 1; echo $i; done");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await network.run(...thinClient, neighbour);
  {
    await using allowed = held(9050);
    const many = await opened(allowed);
    // Some of them the host forgot before they were complete, which their client does not know.
    assert(many > MOST / 2, `${many} connections were opened`);
    await asThinClient();
    const isIn = await ssh("true").then(() => true, () => false);
    await Deno.stderr.write(new TextEncoder().encode(
      `full table (${many} held): a new connection of the thin client ${
        isIn ? "works" : "fails"
      }\n`,
    ));
    assertMatch(await standing, /\n40\n$/, "an established connection must go on");
  }
  // Connections that are over are the first to be forgotten.
  await machine.eventually(60, () => ssh("true"));
  assertMatch(await ssh("doas iptables -S INPUT"), /-P INPUT DROP/);
}

for (const role of ["router", "online"] as const) {
  Deno.test({
    name: `${role}: storms of packets, and a full table of connections${note}`,
    ignore: missing !== undefined,
    async fn() {
      await using bench = await hostBench(TOWER.online.thinClient);
      const { client, network } = bench;
      const env = (role === "router" ? routerEnv : onlineEnv)(client.publicKey);
      await using host = await bootHost({ ...bench, card: bench.card(envFile(env)) }, role);
      await host.machine.orConsole(() => endure(host, addressOf(role), network));
      if (role === "router") await host.machine.orConsole(() => fill(host, network));
      await host.powerOff();
    },
  });
}
