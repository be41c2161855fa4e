import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { findFirmware } from "../../../build/boot/boot.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { guestStatus } from "../../../lib/qemu/machine.ts";
import { buildLab } from "../build/lab_system.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { SshClient } from "../machine/ssh_client.ts";
import { startMachine } from "../machine/test_machine.ts";

/** The address that the lab system gives itself, and the one of the other end. */
const GUEST = { address: "10.0.2.15" };
const HOST_ADDRESS = "10.0.2.2/24";
/** Seconds until an emulated machine must answer, and until it must be off. */
const START = 150;
const STOP = 60;

/** The whole of lab: started, looked at by SSH, switched off, its image checked. */
export async function bootLab(firmware: "bios" | "uefi"): Promise<void> {
  const runner = denoRunner();
  const folder = Deno.makeTempDirSync({ prefix: "tower-test-" });
  try {
    const client = await SshClient.create(runner, folder);
    const { image, record } = await buildLab(folder, client.publicKey);
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", HOST_ADDRESS);
    await using machine = startMachine(runner, folder, {
      image,
      snapshot: false,
      firmware: firmware === "bios"
        ? { kind: "bios" }
        : { kind: "uefi", file: findFirmware("x86_64") },
      network: { kind: "tap", interface: "tap0" },
      statusFile: join(folder, "status"),
    }, (command) => network.inside(command));
    const ssh = (command: string) => client.run(GUEST, command, (c) => network.inside(c));

    await machine.eventually(START, () => ssh("true"));
    await machine.orConsole(async () => {
      await checkServices(ssh);
      await checkFirewall(ssh, network);
      await checkDatabase(ssh, record.packages.map((p) => p.name));
      await checkFileSystems(ssh);
      assertMatch(await ssh("cat /proc/cmdline"), /\broot=UUID=[0-9a-f-]{36}\b/);
      assertEquals(
        (await ssh("ls -d /sys/firmware/efi 2>/dev/null || true")) !== "",
        firmware === "uefi",
      );
    });
    await ssh("echo 7 > /dev/ttyS1");
    await ssh("poweroff").catch(() => undefined); // sshd may end first
    assertEquals(await machine.waitForEnd(STOP), { kind: "exited", code: 0 });
    assertEquals(guestStatus(Deno.readTextFileSync(join(folder, "status"))), 7);
    assertMatch(machine.console(), /reboot: Power down/);
    assertNotMatch(machine.console(), /\[ !! \]|Call Trace|No such file/);
    await checkImage(image, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }

  /** The file system was left clean, and still passes a check that changes nothing. */
  async function checkImage(image: string, folder: string): Promise<void> {
    const { stdout } = await runner.run({ argv: ["sfdisk", "--json", image] });
    const { partitions } = JSON.parse(new TextDecoder().decode(stdout)).partitiontable;
    const root = join(folder, "root.img");
    await runner.run({
      argv: [
        "dd",
        `if=${image}`,
        `of=${root}`,
        "bs=1M",
        "conv=sparse",
        "iflag=skip_bytes,count_bytes",
        `skip=${partitions[1].start * 512}`,
        `count=${partitions[1].size * 512}`,
      ],
    });
    await runner.run({ argv: ["e2fsck", "-fn", root] });
  }
}

type Ssh = (command: string) => Promise<string>;

async function checkServices(ssh: Ssh): Promise<void> {
  const levels = await ssh("ls -1 /etc/runlevels");
  for (const level of ["boot", "default", "shutdown", "sysinit"]) {
    assertStringIncludes(levels, level);
  }
  assertEquals((await ssh("rc-status --runlevel")).trim(), "default");
  assertEquals((await ssh("rc-status --crashed || true")).trim(), "");
  for (const level of ["sysinit", "boot", "default"]) {
    const status = await ssh(`rc-status ${level}`);
    const services = (await ssh(`ls -1 /etc/runlevels/${level}`)).trim().split("\n");
    for (const service of services) {
      assertMatch(status, new RegExp(`^ *${service} .*started`, "m"), `${level}: ${service}`);
    }
  }
}

/** Policies are DROP in both families, and what is not allowed does not get in. */
async function checkFirewall(ssh: Ssh, network: NetworkNamespace): Promise<void> {
  for (const tool of ["iptables", "ip6tables"]) {
    const rules = await ssh(`${tool} -S`);
    for (const chain of ["INPUT", "FORWARD"]) assertStringIncludes(rules, `-P ${chain} DROP`);
  }
  await ssh("nc -l -p 8080 -e true </dev/null >/dev/null 2>&1 &");
  const connect = (port: number) =>
    network.run("timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${GUEST.address}/${port}`)
      .then(() => true, () => false);
  assert(await connect(22), "port 22 must be open");
  assert(!await connect(8080), "a port that nothing allows must be closed");
}

async function checkDatabase(ssh: Ssh, packages: readonly string[]): Promise<void> {
  const installed = await ssh("sed -n s/^P://p /lib/apk/db/installed");
  // It also holds the kernel, by a package that apk add --virtual could have made.
  assertEquals(installed.trim().split("\n").sort(), [".initramfs-virt", ...packages].sort());
  assertStringIncludes(await ssh("cat /etc/apk/world"), "openssh-server\n");
  assertEquals((await ssh("cat /etc/apk/arch")).trim(), "x86_64");
  assertEquals((await ssh("stat -c %a /lib/apk/db/lock")).trim(), "600");
}

/** Root is the ext4 of the image, read-write; /boot can be mounted; no trace of the builder. */
async function checkFileSystems(ssh: Ssh): Promise<void> {
  assertMatch(await ssh("mount"), /^\/dev\/vda2 on \/ type ext4 \(rw/m);
  await ssh("mount /boot && test -s /boot/vmlinuz-virt && umount /boot");
  assertEquals(
    (await ssh("stat -c %u:%g:%a ~root ~root/.ssh/authorized_keys")).trim(),
    "0:0:700\n0:0:600",
  );
  assertEquals((await ssh("cat /etc/hostname")).trim(), "lab");
}
