import { join } from "@std/path";
import { THIN_CLIENT, type TowerHost } from "../../../lib/firewall/tower_network.ts";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { CARD_TOOLS, makeCardImage } from "./card_image.ts";
import { rootMissing } from "../format/disk_tree.ts";
import { MachineSpace } from "../../../lib/lab/machine_space.ts";
import type { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { TowerProgram } from "./tower_program.ts";

const PROGRAMS = [...CARD_TOOLS, "/usr/sbin/sshd", "ip", "iptables-save", "nsenter", "ssh"];

/** Why such a tower cannot be had here, or undefined. For `ignore`. */
export function provisionedTowerMissing(runner: Runner): string | undefined {
  const absent = PROGRAMS.filter((program) => {
    const path = runner.which(program);
    return path === undefined || !isThere(path);
  });
  return rootMissing() ?? (absent.length > 0 ? `no ${absent.join(", ")}` : undefined);
}

/**
 * A thin client and hosts as machines of namespaces: `tower provision` made the hosts' keys, their
 * SSH servers run, and `tower` stands on the thin client.
 */
export class ProvisionedTower implements AsyncDisposable {
  private constructor(
    readonly tower: TowerProgram,
    private readonly machines: ReadonlyMap<string, MachineSpace>,
    private readonly owned: AsyncDisposableStack,
  ) {}

  /**
   * @param folder Every user of this machine may enter it.
   * @param hosts As `tower provision` will address them, in this order.
   */
  static async create(
    runner: Runner,
    folder: string,
    hosts: readonly TowerHost[],
    space: (machine: string) => NetworkNamespace,
  ): Promise<ProvisionedTower> {
    await using stack = new AsyncDisposableStack();
    const machines = new Map<string, MachineSpace>();
    for (const name of [THIN_CLIENT, ...hosts.map((host) => host.name)]) {
      machines.set(name, stack.use(await MachineSpace.create(runner, space(name), "alice")));
    }
    const here = machines.get(THIN_CLIENT)!;
    const tower = stack.use(
      new TowerProgram({ runner: placed(runner, (command) => here.inside(command)) }),
    );
    const image = await makeCardImage(folder);
    for (const { name, role, address } of hosts) {
      const side = role === "router"
        ? ["--wlan-ssid", "net", "--wlan-password", "password"]
        : [`--${role}`];
      const card = ["--image", image, "--device-file", join(folder, `${name}.img`)];
      const options = ["--timezone", "UTC", "--no-confirm", "--json"];
      const made = await tower.run("provision", name, ...side, ...card, ...options);
      if (made.code !== 0) throw new Error(made.err);
      if (JSON.parse(made.out).address !== address) throw new Error(made.out);
      const keys = join(tower.folder, "hosts", name);
      const authorized = join(keys, "id_ed25519.pub");
      const server = await machines.get(name)!
        .startSshd(join(keys, "ssh_host_ed25519_key"), authorized);
      stack.use(server);
    }
    return new ProvisionedTower(tower, machines, stack.move());
  }

  machine(name: string): MachineSpace {
    return this.machines.get(name)!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync();
  }
}

/** A runner all of whose programs run elsewhere. */
export function placed(runner: Runner, place: (command: Command) => Command): Runner {
  return {
    which: (program) => runner.which(program),
    run: (command, options) => runner.run(place(command), options),
    spawn: (command, options) => runner.spawn(place(command), options),
  };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
