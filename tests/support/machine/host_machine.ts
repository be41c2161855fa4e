import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { TOWER, USER } from "../build/host_system.ts";
import type { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import type { SshClient } from "./ssh_client.ts";
import { type LabMachine, type VirtualMachine } from "../../../lib/lab/virtual_machine.ts";
import { PATIENCE, startMachine } from "./test_machine.ts";

export type HostRole = "online" | "offline" | "router";
export type Ssh = (command: string) => Promise<string>;

/** A host in QEMU that answers to the thin client. */
export interface RunningHost extends AsyncDisposable {
  readonly machine: VirtualMachine;
  /** Runs a shell command as the host's user. */
  readonly ssh: Ssh;
  powerOff(): Promise<void>;
}

/** What a computer is made of. */
export type Hardware = Partial<
  Pick<LabMachine, "firmware" | "disk" | "card" | "clock" | "hasPlug">
>;

interface Place {
  readonly card: string;
  /** Disks beside the card; each has its place in the list as its serial number, from DISK1. */
  readonly disks?: readonly string[];
  readonly folder: string;
  readonly network: NetworkNamespace;
  readonly client: SshClient;
  /** What it is made of, where that is not a virtual machine's with a BIOS. */
  readonly hardware?: Hardware;
}

/** Seconds until an emulated host must answer, and until it must be off. */
const START = 170;
const STOP = 60;

/** Tries until it works, or the time is up: services go on starting after sshd. */
async function eventually(seconds: number, attempt: () => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * PATIENCE * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** The address at which a host of a role answers. */
export function addressOf(role: HostRole): string {
  return role === "offline"
    ? TOWER.offline.host
    : role === "router"
    ? TOWER.online.router
    : TOWER.online.host;
}

/** Starts a card in the network of `tap0`, and waits for its SSH unless the role is `none`. */
export async function bootHost(place: Place, role: HostRole | "none"): Promise<RunningHost> {
  const { card, disks = [], folder, network, client, hardware } = place;
  const machine = startMachine(denoRunner(), folder, {
    image: card,
    moreDisks: disks.map((image, i) => ({ image, serial: `DISK${i + 1}` })),
    snapshot: false,
    firmware: { kind: "bios" },
    network: { kind: "tap", interface: "tap0" },
    ...hardware,
  }, (command) => network.inside(command));
  const address = addressOf(role === "none" ? "online" : role);
  const ssh = (command: string) =>
    client.run({ address, user: USER }, command, (c) => network.inside(c));
  const host: RunningHost = {
    machine,
    ssh,
    async powerOff() {
      await ssh("doas poweroff").catch(() => undefined); // sshd may end first
      assertEquals(await machine.waitForEnd(STOP), { kind: "exited", code: 0 });
    },
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
  try {
    if (role !== "none") await machine.eventually(START, () => ssh("true"));
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
  return host;
}

/** What holds for a host of any role after its first boot, and after every later one. */
export async function lookAtHost(
  ssh: Ssh,
  wanted: { name: string; address: string; role: HostRole },
): Promise<void> {
  assertEquals((await ssh("hostname")).trim(), wanted.name);
  assertEquals((await ssh("id -un")).trim(), USER);
  assertEquals((await ssh("stat -c %a ~ ~/.ssh/authorized_keys")).trim(), "700\n600");
  const addresses = await ssh("ip -o addr show scope global");
  assertEquals(addresses.trim().split("\n").length, 1, addresses);
  assertStringIncludes(addresses, `inet ${wanted.address}/24`);
  const ports = wanted.role === "router" ? [22, 53, 9050] : [22];
  await eventually(60, async () => {
    const listening = await ssh("netstat -ltn | awk '$6 == \"LISTEN\" { print $4 }' | sort");
    assertEquals(
      listening.trim().split("\n"),
      ports.map((port) => `${wanted.address}:${port}`),
    );
  });
  for (const tool of ["iptables", "ip6tables"]) {
    const rules = await ssh(`doas ${tool} -S`);
    for (const chain of ["INPUT", "FORWARD", "OUTPUT"]) {
      assertStringIncludes(rules, `-P ${chain} DROP`);
    }
  }
  assertEquals(
    (await ssh("cat /proc/sys/net/ipv4/ip_forward")).trim(),
    wanted.role === "router" ? "1" : "0",
  );
  const shadow = await ssh("doas cat /etc/shadow");
  for (const name of ["root", USER]) assertMatch(shadow, new RegExp(`^${name}:\\$6\\$`, "m"));
  assert(!(await ssh("doas cat /var/lib/tower/firstboot/settings")).includes("$6$"));
  assertEquals((await ssh("rc-status --crashed || true")).trim(), "");
  const opened = await ssh("cat /proc/sys/net/netfilter/nf_conntrack_tcp_loose");
  assertEquals(opened, "0\n", "a connection may begin in its middle");
  const boot = await ssh("doas mount /boot && doas ls /boot && doas umount /boot");
  assertStringIncludes(boot, "vmlinuz-lts");
  assert(!/tower\.env|ssh_host/.test(boot), boot);
}
