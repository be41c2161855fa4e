import { TowerError } from "../errors.ts";
import type { Runner } from "../proc/command.ts";
import { NetworkNamespace } from "./network_namespace.ts";

/** The two switches of a tower, and where their cables lead. */
export type Switch = "online" | "offline";

/** An address with its prefix on a switch. */
export interface Port {
  readonly at: Switch;
  readonly address: string;
}

/**
 * @param device Where the kernel makes taps, the machines' ends of cables; most systems let every user open
 * it, as what it can do needs rights in the network anyway.
 * @throws {TowerError} `permission` where it does not open.
 */
export function requireTaps(device = "/dev/net/tun"): void {
  try {
    using _file = Deno.openSync(device, { read: true, write: true });
  } catch (cause) {
    throw new TowerError("permission", `Cannot plug in machines: "${device}" does not open`, {
      cause,
      hint: `as root: modprobe tun; chmod 666 ${device}`,
    });
  }
}

/**
 * The cables of a tower in network namespaces: two switches, the thin client with a card on each,
 * and on each a stranger, a machine that somebody plugged in. Nothing leads out of them.
 */
export class Cables implements AsyncDisposable {
  private constructor(
    private readonly owned: AsyncDisposableStack,
    /** Where the switches are, and the virtual machines that plug into them. */
    readonly switches: NetworkNamespace,
    readonly thinClient: NetworkNamespace,
    readonly strangers: Readonly<Record<Switch, NetworkNamespace>>,
  ) {}

  /** @param thinClient Its two cards, eth0 and eth1. @param strangers Theirs. */
  static async lay(
    runner: Runner,
    thinClient: readonly [Port, Port],
    strangers: Readonly<Record<Switch, string>>,
  ): Promise<Cables> {
    await using stack = new AsyncDisposableStack();
    const make = async () => stack.use(await NetworkNamespace.create(runner));
    const switches = await make();
    for (const at of ["online", "offline"] as const) {
      await switches.run("ip", "link", "add", at, "type", "bridge", "forward_delay", "0");
      await switches.run("ip", "link", "set", at, "up");
    }
    let cables = 0;
    const plugIn = async (machine: NetworkNamespace, card: string, { at, address }: Port) => {
      const end = `cable${cables++}`;
      const peer = ["peer", "name", card, "netns", String(machine.pid)];
      await switches.run("ip", "link", "add", end, "type", "veth", ...peer);
      await switches.run("ip", "link", "set", end, "master", at, "up");
      await machine.run("ip", "address", "add", address, "dev", card);
      await machine.run("ip", "link", "set", card, "up");
    };
    const client = await make();
    for (const [i, port] of thinClient.entries()) await plugIn(client, `eth${i}`, port);
    const others = { online: await make(), offline: await make() };
    for (const at of ["online", "offline"] as const) {
      await plugIn(others[at], "eth0", { at, address: strangers[at] });
    }
    return new Cables(stack.move(), switches, client, others);
  }

  /** A card of a virtual machine on a switch. @returns the name of its tap interface. */
  async addTap(name: string, at: Switch): Promise<string> {
    const tap = `tap-${name}`;
    await this.switches.addTap(tap);
    await this.switches.run("ip", "link", "set", tap, "master", at);
    return tap;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync();
  }
}
