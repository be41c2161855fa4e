import { assertMatch } from "@std/assert";
import { join } from "@std/path";
import { findFirmware } from "../../build/boot/boot.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { OVMF_FILES } from "../../lib/qemu/machine.ts";
import { exists } from "../../lib/files/files.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { bootHost, type Hardware, lookAtHost } from "../support/machine/host_machine.ts";
import {
  buildHost,
  cardOf,
  envFile,
  hostMissing,
  offlineEnv,
  TOWER,
} from "../support/build/host_system.ts";
import { NetworkNamespace } from "../../lib/lab/network_namespace.ts";
import { SshClient } from "../support/machine/ssh_client.ts";

const missing = hostMissing() ??
  (OVMF_FILES.some((file) => exists(file)) ? undefined : "needs OVMF");
const note = missing ? ` (skipped: ${missing})` : "";
const runner = denoRunner();

interface Computer {
  readonly name: string;
  readonly hardware: () => Hardware;
  /** What the root is on, and what drives the network card. */
  readonly disk: string;
  readonly driver: string;
}

const COMPUTERS: readonly Computer[] = [
  {
    name: "UEFI, an NVMe disk and an Intel network card",
    hardware: () => ({
      firmware: { kind: "uefi", file: findFirmware("x86_64") },
      disk: "nvme",
      card: "e1000e",
    }),
    disk: "nvme0n1p2",
    driver: "e1000e",
  },
  {
    name: "BIOS, a USB stick and a Realtek network card",
    hardware: () => ({ firmware: { kind: "bios" }, disk: "usb", card: "rtl8139" }),
    disk: "sda2",
    driver: "8139cp",
  },
];

for (const { name, hardware, disk, driver } of COMPUTERS) {
  Deno.test({
    name: `a PC with ${name} becomes a host${note}`,
    ignore: missing !== undefined,
    async fn() {
      using folder = tempFolder();
      const client = await SshClient.create(runner, folder.path);
      const image = await buildHost(folder.path);
      const card = cardOf(image, join(folder.path, "card.img"), [
        envFile(offlineEnv(client.publicKey)),
      ]);
      await using network = await NetworkNamespace.create(runner);
      await network.addTap("tap0", `${TOWER.offline.thinClient}/24`);
      const place = { card, folder: folder.path, network, client, hardware: hardware() };
      await using host = await bootHost(place, "offline");
      await host.machine.orConsole(async () => {
        await lookAtHost(host.ssh, { name: "vault", address: TOWER.offline.host, role: "offline" });
        assertMatch(await host.ssh("cat /proc/mounts"), new RegExp(`^/dev/${disk} / ext4`, "m"));
        const module = await host.ssh("readlink /sys/class/net/eth0/device/driver");
        assertMatch(module, new RegExp(`/${driver}$`, "m"));
      });
      await host.powerOff();
    },
  });
}
