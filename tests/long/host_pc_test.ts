import { assertMatch } from "@std/assert";
import { findFirmware } from "../../build/boot/boot.ts";
import { OVMF_FILES } from "../../lib/qemu/machine.ts";
import { exists } from "../../lib/files/files.ts";
import { hostBench } from "../support/machine/host_bench.ts";
import { bootHost, type Hardware, lookAtHost } from "../support/machine/host_machine.ts";
import { envFile, hostMissing, offlineEnv, TOWER } from "../support/build/host_system.ts";

const missing = hostMissing() ??
  (OVMF_FILES.some((file) => exists(file)) ? undefined : "needs OVMF");
const note = missing ? ` (skipped: ${missing})` : "";

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
      await using bench = await hostBench(TOWER.offline.thinClient);
      const card = bench.card(envFile(offlineEnv(bench.client.publicKey)));
      const place = { ...bench, card, hardware: hardware() };
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
