import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { PATIENCE } from "../machine/test_machine.ts";
import { buildSystem } from "./lab_system.ts";
import { packUpdate } from "./slot_update.ts";

/** Seconds by which a new slot must work, and that a watchdog waits. */
const [DEADLINE, WATCHDOG] = [150 * PATIENCE, 40 * PATIENCE];
/** All modules are in the initramfs, which loads them: roots are small, and updates with them. */
const MODULES = [
  ...["@virtio", "squashfs", "efivarfs", "vfat", "nls_cp437", "nls_ascii", "softdog"],
];
const RUNLEVELS = {
  sysinit: ["devfs", "mdev", "sysfs"],
  boot: ["bootmisc", "localmount", "root"],
  default: ["local"],
  shutdown: ["killprocs", "mount-ro"],
};

/**
 * Waits until the slot is good, tells of itself on the second serial port, writes what is on the second
 * disk into the other slot, and goes off.
 */
const REPORT = `#!/bin/sh
(
exec > /dev/ttyS1 2>&1 < /dev/null
until tower-slot status | grep -q "good, running"; do sleep 1; done
echo "version $(cat /etc/version)"
mount | grep " / "
tower-slot status | sed "s/^/at first /"
[ "$(dd if=/dev/vdb bs=1 count=10 2> /dev/null)" = SHA256SUMS ] && tower-slot write-other - < /dev/vdb
tower-slot status
sync
poweroff
) &
`;

/** What is other in the roots of updates, by the name of the update. */
const UPDATES = {
  good: [],
  // As a driver would, long before anybody is asked.
  panic: [{
    path: "/etc/inittab",
    contents: '::sysinit:/bin/sh -c "echo c > /proc/sysrq-trigger"\n',
  }],
  // All that could end it is stopped: the watchdog alone is left.
  hang: [{
    path: "/etc/inittab",
    contents: '::sysinit:/sbin/openrc sysinit\n::wait:/bin/sh -c "sleep 5; killall -STOP ' +
      'tower-slot watchdog; echo hangs > /dev/console; sleep 1000000"\n',
  }],
  unhealthy: [{
    ...{ path: "/etc/tower/health.d/never", mode: "0755" },
    contents: "#!/bin/sh\nexit 1\n",
  }],
} as const;
export type UpdateName = keyof typeof UPDATES;
const NAMES = Object.keys(UPDATES) as UpdateName[];

/** What starts it, and counts. */
const PACKAGES = { uefi: ["systemd-boot", "systemd-efistub"], bios: ["syslinux"] } as const;
export type SlotFirmware = keyof typeof PACKAGES;

const version = (name: string) => ({ path: "/etc/version", contents: `${name}\n` });

function manifest(firmware: SlotFirmware, signer: string) {
  const uefi = firmware === "uefi";
  const cmdline = "console=ttyS0,115200 panic=5 rootfstype=squashfs";
  const own = { flavour: "virt", initramfs: "/boot/initramfs-virt" };
  return {
    ...{ name: "slots", arches: ["x86_64"], repositories: ["lab"] },
    stages: [
      {
        kind: "packages",
        world: ["alpine-base", "linux-virt", "openssh-keygen", ...PACKAGES[firmware]],
      },
      {
        kind: "files",
        files: [
          { path: "/etc/fstab", contents: "/dev/root / squashfs ro 0 0\n" },
          { path: "/etc/local.d/report.start", contents: REPORT, mode: "0755" },
          version("first"),
        ],
      },
      { kind: "services", runlevels: RUNLEVELS },
      { kind: "kernel", flavour: "virt" },
      {
        ...{ kind: "initramfs", flavour: "virt", path: "/boot/initramfs-virt", parts: ["slots"] },
        modules: MODULES,
      },
      ...uefi ? [{ kind: "uki", path: "/boot/EFI/tower/a.efi", ...own, cmdline }] : [],
      {
        ...{ kind: "slots", loader: uefi ? "systemd-boot" : "counter", signers: [signer] },
        parts: { root: "root.squashfs", ...uefi ? { program: "system.efi" } : {} },
        ...{ tries: 2, deadline: DEADLINE, watchdog: { module: "softdog", seconds: WATCHDOG } },
      },
    ],
    trees: {
      system: {
        from: "root",
        stages: [
          { kind: "files", remove: ["/boot", "/lib/modules"] },
          { kind: "files", files: [{ path: "/boot", directory: true }] },
        ],
      },
      medium: {
        from: "root",
        stages: [{
          ...{ kind: "embed", into: "/usr/lib" },
          output: { kind: "squashfs", tree: "system", file: "first.squashfs", level: 3 },
        }],
      },
      ...Object.fromEntries(
        NAMES.map((name) => [name, {
          from: "system",
          stages: [{ kind: "files", files: [version(name), ...UPDATES[name]] }],
        }]),
      ),
    },
    outputs: [
      {
        ...{ kind: "disk", tree: "medium", file: "lab.img", table: "gpt" },
        partitions: [
          {
            ...{ name: "esp", type: "esp", size: "64MiB" },
            content: { kind: "fat", folder: "/boot", label: "BOOT" },
          },
          ...uefi ? [] : [{
            ...{ name: "slots", type: "linux", size: "4KiB" },
            content: { kind: "raw", file: "/usr/lib/tower-slot/record" },
          }],
          {
            ...{ name: "root-a", type: "root", size: "32MiB" },
            content: { kind: "raw", file: "/usr/lib/first.squashfs" },
          },
          { name: "root-b", type: "root", size: "32MiB", content: { kind: "empty" } },
        ],
        ...uefi ? { loaders: ["systemd-boot"] } : {
          ...{ loaders: ["syslinux"], ...own },
          cmdline: `${cmdline} slots=PARTUUID={partuuid:slots}`,
        },
      },
      ...NAMES.map((name) => ({
        ...{ kind: "squashfs", tree: name, file: `${name}.squashfs`, level: 3 },
      })),
      ...uefi ? [{ kind: "file", path: "/boot/EFI/tower/a.efi", file: "system.efi" }] : [],
    ],
  };
}

/** A disk with a system in slot A, and signed updates of it, each a tar by its name. */
export async function buildSlots(
  folder: string,
  firmware: SlotFirmware,
): Promise<{ readonly image: string; readonly updates: Readonly<Record<UpdateName, string>> }> {
  const runner = denoRunner();
  const at = (name: string) => join(folder, name);
  await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("key")] });
  const { image } = await buildSystem(folder, manifest(firmware, publicKey(at("key.pub"))));
  const files = ["root.squashfs", ...firmware === "uefi" ? ["system.efi"] : []];
  const updates: Record<string, string> = {};
  for (const name of NAMES) {
    Deno.renameSync(at(`${name}.squashfs`), at("root.squashfs"));
    updates[name] = await packUpdate(runner, folder, files, `${name}.tar`, { key: at("key") });
    Deno.removeSync(at("root.squashfs"));
  }
  return { image, updates: updates as Record<UpdateName, string> };
}

function publicKey(file: string): string {
  return Deno.readTextFileSync(file).trim();
}
