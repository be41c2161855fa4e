import { fromFileUrl } from "@std/path";
import type { Machine, Network } from "../../../lib/firewall/network.ts";
import { type Family, familyOf } from "../../../lib/ip/address.ts";
import type { Runner, RunningProcess } from "../../../lib/proc/command.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import type { AgentPorts, AgentReply, AgentRequest } from "./probe_agent.ts";

const AGENT = fromFileUrl(new URL("./probe_agent.ts", import.meta.url));

/** The machines of a network, each in a namespace of its own, joined by bridges for segments. */
export class NamespaceTower implements AsyncDisposable {
  private constructor(
    readonly runner: Runner,
    private readonly owned: AsyncDisposableStack,
    private readonly machines: ReadonlyMap<string, NetworkNamespace>,
    private readonly agents: ReadonlyMap<string, Agent>,
  ) {}

  /** Lays the cables of a network and starts a probe agent on every machine. */
  static async create(runner: Runner, network: Network, ports: (machine: string) => AgentPorts) {
    await using stack = new AsyncDisposableStack();
    const switches = stack.use(await NetworkNamespace.create(runner));
    const segments = new Set(network.flatMap((m) => m.links.map((link) => link.segment)));
    for (const segment of segments) {
      await switches.run("ip", "link", "add", segment, "type", "bridge", "forward_delay", "0");
      await switches.run("ip", "link", "set", segment, "up");
    }
    const machines = new Map<string, NetworkNamespace>();
    for (const [i, machine] of network.entries()) {
      const space = stack.use(await NetworkNamespace.create(runner));
      machines.set(machine.name, space);
      await plugIn(switches, space, machine, `p${i}`);
    }
    const agents = new Map<string, Agent>();
    for (const [name, space] of machines) {
      const argv = [Deno.execPath(), "run", "--allow-all", "--no-check", AGENT] as const;
      const process = runner.spawn(space.inside({ argv: [...argv, JSON.stringify(ports(name))] }));
      agents.set(name, stack.use(new Agent(process)));
    }
    await Promise.all([...agents.values()].map((agent) => agent.next()));
    return new NamespaceTower(runner, stack.move(), machines, agents);
  }

  /** The namespace of a machine. */
  space(machine: string): NetworkNamespace {
    return this.machines.get(machine)!;
  }

  /** Runs a program on a machine with text as its input. */
  async feed(machine: string, argv: readonly [string, ...string[]], text: string): Promise<void> {
    const stdin = new TextEncoder().encode(text);
    await this.runner.run(this.machines.get(machine)!.inside({ argv, stdin }));
  }

  /** Asks the agent of a machine. */
  ask(machine: string, request: AgentRequest): Promise<AgentReply> {
    return this.agents.get(machine)!.ask(request);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync();
  }
}

async function plugIn(
  switches: NetworkNamespace,
  space: NetworkNamespace,
  machine: Machine,
  port: string,
): Promise<void> {
  const to = String(space.pid);
  for (const [i, link] of machine.links.entries()) {
    const peer = ["peer", "name", link.name, "netns", to];
    await switches.run("ip", "link", "add", `${port}-${i}`, "type", "veth", ...peer);
    await switches.run("ip", "link", "set", `${port}-${i}`, "master", link.segment, "up");
    // The test gives the link-local addresses: the network's evaluator must know them.
    await space.run("ip", "link", "set", link.name, "addrgenmode", "none");
    await space.run("ip", "link", "set", link.name, "up");
  }
  await giveAddresses(space, machine, "ipv4");
  await giveAddresses(space, machine, "ipv6");
}

/** Gives a machine its addresses, gateway and forwarding of a family, also where IPv6 was off. */
export async function giveAddresses(
  space: NetworkNamespace,
  { links, forwards, gateways }: Machine,
  family: Family,
): Promise<void> {
  const settings = family === "ipv4"
    ? [`ipv4/ip_forward=${forwards.ipv4 ? 1 : 0}`]
    : ["ipv6/conf/all/disable_ipv6=0", `ipv6/conf/all/forwarding=${forwards.ipv6 ? 1 : 0}`];
  for (const setting of settings) {
    const [path, value] = setting.split("=");
    await space.run("sh", "-c", `echo ${value} > /proc/sys/net/${path}`);
  }
  for (const { name, addresses } of links) {
    for (const { address, network } of addresses) {
      if (familyOf(address) !== family) continue;
      const own = `${address}/${network.split("/")[1]}`;
      const options = family === "ipv6" ? ["nodad"] : [];
      await space.run("ip", "address", "add", own, "dev", name, ...options);
    }
  }
  const gateway = gateways[family];
  if (gateway !== undefined) await space.run("ip", "route", "add", "default", "via", gateway);
}

/** A probe agent that runs: a line in, a line out. */
class Agent implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #rest = "";

  constructor(process: RunningProcess) {
    this.#process = process;
    this.#lines = process.stdout.pipeThrough(new TextDecoderStream() as never).getReader() as never;
    this.#input = process.stdin.getWriter();
    void process.stderr.pipeTo(Deno.stderr.writable, { preventClose: true }).catch(() => {});
  }

  async ask(request: AgentRequest): Promise<AgentReply> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    return JSON.parse(await this.next());
  }

  async next(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("a probe agent ended too early");
      this.#rest += value;
    }
    const [line = "", ...rest] = this.#rest.split("\n");
    this.#rest = rest.join("\n");
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
