import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Machine, Network } from "../../../lib/firewall/network.ts";
import { judge, type Packet, type PacketProtocol } from "../../../lib/firewall/packet.ts";
import { INTERNET } from "../../../lib/firewall/tower_network.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";
import type { NamespaceTower } from "./namespace_tower.ts";
import type { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { randomNumbers } from "../program/random_numbers.ts";
import { type StormFrame, stormFrame, type StormSpec } from "./storm_frames.ts";
import type { TowerProgram } from "../fleet/tower_program.ts";

const AGENT = fromFileUrl(new URL("./storm_agent.ts", import.meta.url));
export const agentArgv = (...args: string[]): [string, ...string[]] => [
  ...[Deno.execPath(), "run", "--allow-all", "--no-check", AGENT] as const,
  ...args,
];
/** Addresses that belong to nobody, or to all. */
export const ODD = [
  "127.0.0.1",
  "0.0.0.0",
  "255.255.255.255",
  "192.168.2.255",
  "224.0.0.251",
  "10.1.2.3",
]
  .concat("::1", "::", "ff02::1", "ff02::2", "2001:db8::1");
/** Ports that a rule may name: where a packet does not say its own, each is thought of. */
const PORTS = [22, 53, 123, 9050, 40000];

/** From whom to whom, and where what passes would be seen. */
interface Storm {
  readonly from: string;
  readonly to: string;
  /** The interface of `to` on their cable. */
  readonly link: string;
  readonly beyond?: { readonly machine: string; readonly link: string };
}
const STORMS: readonly Storm[] = [
  { from: "on2", to: "router", link: "eth0", beyond: { machine: INTERNET, link: "wlan0" } },
  { from: INTERNET, to: "router", link: "wlan0", beyond: { machine: "on1", link: "eth0" } },
  { from: "on2", to: "on1", link: "eth0" },
];

/** A tower whose hosts have their rules. */
export interface StormyTower {
  readonly runner: Runner;
  /** Its machines as the evaluator knows them. */
  readonly network: Network;
  readonly spaces: NamespaceTower;
  readonly tower: TowerProgram;
}

/**
 * Sends storms of frames at the router and at an online host: what gets in or through is what the
 * evaluator lets, and the thin client gets in afterwards.
 */
export async function stormHosts(at: StormyTower, count: number, seed: number): Promise<void> {
  for (const [i, storm] of STORMS.entries()) {
    const found = await surprises(at, storm, { count, seed: seed + i });
    assertEquals(found, [], `seed ${seed + i}, from ${storm.from} to ${storm.to}`);
    for (const name of ["router", "on1"]) {
      const { code, err } = await at.tower.run("ssh", name, "true");
      assertEquals(code, 0, `${name} after a storm at ${storm.to}: ${err}`);
    }
  }
}

async function surprises(
  { runner, network, spaces }: StormyTower,
  storm: Storm,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<string[]> {
  const machineOf = (name: string) => network.find((machine) => machine.name === name)!;
  const addresses = network.flatMap(({ links }) =>
    links.flatMap((link) => link.addresses.map(({ address }) => address as string))
  );
  const space = spaces.space(storm.to);
  const spec: StormSpec = {
    ...{ seed, count, sources: [...addresses, ...ODD], destinations: [...addresses, ...ODD] },
    mac: await hardwareAddress(space, storm.link),
  };
  const { beyond } = storm;
  await using watcher = beyond &&
    await Watcher.create(
      runner,
      spaces.space(beyond.machine),
      machineOf(beyond.machine).links[0]!.name,
    );
  const before = await delivered(space);
  const link = machineOf(storm.from).links.at(-1)!.name;
  const sender = spaces.space(storm.from);
  const sent = await runner.run(
    sender.inside({ argv: agentArgv("storm", link, JSON.stringify(spec)) }),
  );
  assertGreater(Number(new TextDecoder().decode(sent.stdout)), count * 0.9);
  const after = await delivered(space);
  const frames = framesOf(spec);
  const isLet = (chain: "input" | "forward", out?: string) => (frame: StormFrame) =>
    mayPass(machineOf(storm.to), chain, frame, { in: storm.link, ...(out && { out }) });
  const found: string[] = [];
  for (const family of ["ipv4", "ipv6"] as const) {
    const let_ = frames.filter((f) => f.claim?.family === family && isLet("input")(f)).length;
    const got = after[family] - before[family];
    if (got > let_) found.push(`${family}: ${got} packets got in, but ${let_} are let in`);
  }
  const seen = await watcher?.seen() ?? [];
  const through = beyond ? frames.filter(isLet("forward", beyond.link)) : [];
  if (through.length > 50) assertGreater(seen.length, 0, "the watcher sees nothing");
  for (const id of seen) {
    const frame = frames[id];
    if (frame && through.includes(frame)) continue;
    found.push(`frame ${id} got through: ${JSON.stringify(frame?.claim)}`);
  }
  return found;
}

function framesOf(spec: StormSpec): StormFrame[] {
  const random = randomNumbers(spec.seed);
  return Array.from({ length: spec.count }, (_, id) => stormFrame(random, spec, id));
}

/** Whether the evaluator lets a frame pass a chain, as whatever it may turn out to be. */
function mayPass(
  { ruleset }: Machine,
  chain: "input" | "forward",
  { claim }: StormFrame,
  passage: { readonly in: string; readonly out?: string },
): boolean {
  if (!claim) return false;
  const { family, source, destination, protocol, detail } = claim;
  const name = ({ 6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6" } as const)[protocol];
  const kinds = (detail === undefined ? PORTS : [detail]).map((number) =>
    (name?.startsWith("icmp")
      ? { name, type: number }
      : { name: name ?? "other", port: number }) as PacketProtocol
  );
  return kinds.some((kind) => {
    const packet = { source, destination, protocol: kind, state: "NEW" } as Packet;
    return judge(ruleset[family].filter[chain], packet, passage).verdict === "ACCEPT";
  });
}

/**
 * How many packets a machine's rules let in to itself (RFC 4293: the kernel counts behind INPUT), but
 * for those of its loopback: whoever forges its own IPv6 address has it tell itself of errors.
 */
async function delivered(space: NetworkNamespace): Promise<Record<"ipv4" | "ipv6", number>> {
  const counts =
    "sleep 0.3; grep ^Ip: /proc/net/snmp; cat /proc/net/snmp6; echo; iptables-save -c; " +
    "echo; ip6tables-save -c";
  const [kernel = "", rules4 = "", rules6 = ""] = (await space.run("sh", "-c", counts)).split(
    "\n\n",
  );
  const [names = [], values = []] = kernel.split("\n").map((line) => line.split(" "));
  const own = (rules: string) => Number(/^\[(\d+):\d+\] -A INPUT -i lo /m.exec(rules)![1]);
  return {
    ipv4: Number(values[names.indexOf("InDelivers")]) - own(rules4),
    ipv6: Number(/^Ip6InDelivers\s+(\d+)/m.exec(kernel)![1]) - own(rules6),
  };
}

async function hardwareAddress(space: NetworkNamespace, link: string): Promise<string> {
  const shown = await space.run("ip", "-o", "link", "show", link);
  return /link\/ether (\S+)/.exec(shown)![1]!.replaceAll(":", "");
}

/** Collects the numbers of the storm's frames that come by. */
class Watcher implements AsyncDisposable {
  private constructor(
    private readonly process: RunningProcess,
    private readonly lines: ReadableStreamDefaultReader<string>,
  ) {}

  static async create(runner: Runner, space: NetworkNamespace, link: string): Promise<Watcher> {
    const process = runner.spawn(space.inside({ argv: agentArgv("watch", link) }));
    const text = process.stdout.pipeThrough(new TextDecoderStream() as never);
    const watcher = new Watcher(process, text.getReader() as never);
    await watcher.lines.read(); // it is ready
    return watcher;
  }

  async seen(): Promise<number[]> {
    await this.process.stdin.close();
    let text = "";
    for (;;) {
      const { value, done } = await this.lines.read();
      if (done) return JSON.parse(text);
      text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
