import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { buildSystem } from "./lab_system.ts";
import { packUpdate } from "./slot_update.ts";

/** What the flag is asked of on the console: the machine has no firmware that would take it. */
export const ASKED = "asked for 0x00038064 4 0 1";
/** All modules are in the initramfs, which loads them. */
const MODULES = ["@virtio", "squashfs", "vfat", "nls_cp437", "nls_ascii"];
const RUNLEVELS = {
  sysinit: ["devfs", "mdev", "sysfs"],
  boot: ["bootmisc", "localmount", "root"],
  default: ["local"],
  shutdown: ["killprocs", "mount-ro"],
};

/** Waits until the slot is good, tells of itself, and tries what is on the second disk, or goes off. */
const REPORT = `#!/bin/sh
(
exec > /dev/console 2>&1 < /dev/null
until tower-slot status | grep -q "good, running"; do sleep 1; done
echo "version $(cat /etc/version)"
tower-slot status
if [ "$(cat /etc/version)" = first ]; then tower-slot write-other - < /dev/vdb && tower-slot try; fi
sync
poweroff
) &
`;
const file = (path: string, contents: string, mode = "0755") => ({ path, contents, mode });
const version = (name: string) => file("/etc/version", `${name}\n`, "0644");

function manifest(signer: string) {
  return {
    ...{ name: "tryboot", arches: ["aarch64"], repositories: ["lab"] },
    stages: [
      { kind: "packages", world: ["alpine-base", "linux-rpi", "openssh-keygen"] },
      {
        kind: "files",
        files: [
          file("/etc/fstab", "/dev/root / squashfs ro 0 0\n", "0644"),
          file("/etc/local.d/report.start", REPORT),
          file("/usr/bin/vcmailbox", '#!/bin/sh\necho "asked for $*" > /dev/console\n'),
          file(
            "/boot/config.txt",
            "kernel=vmlinuz-rpi\ninitramfs initramfs-rpi followkernel\n",
            "0644",
          ),
          file("/boot/cmdline.txt", "console=serial0 panic=5 rootfstype=squashfs\n", "0644"),
          version("first"),
        ],
      },
      { kind: "services", runlevels: RUNLEVELS },
      { kind: "kernel", flavour: "rpi" },
      {
        ...{ kind: "initramfs", flavour: "rpi", path: "/boot/initramfs-rpi", parts: ["slots"] },
        modules: MODULES,
      },
      {
        ...{ kind: "slots", loader: "tryboot", signers: [signer], deadline: 600 },
        parts: { boot: "boot.fat", root: "root.squashfs" },
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
      next: { from: "system", stages: [{ kind: "files", files: [version("next")] }] },
      medium: {
        from: "root",
        stages: [
          { kind: "squashfs", tree: "system", file: "first.squashfs", level: 3 },
          { kind: "fat", tree: "root", folder: "/boot", file: "boot.fat" },
        ].map((output) => ({ kind: "embed", into: "/usr/lib", output })),
      },
    },
    outputs: [
      {
        ...{ kind: "disk", tree: "medium", file: "lab.img", table: "gpt" },
        partitions: [
          {
            ...{ name: "autoboot", type: "data", size: "16MiB" },
            content: { kind: "fat", folder: "/usr/lib/tower-slot/autoboot" },
          },
          slot("boot-a", "data", "/usr/lib/boot.fat"),
          slot("boot-b", "data"),
          slot("root-a", "root", "/usr/lib/first.squashfs"),
          slot("root-b", "root"),
        ],
      },
      { kind: "squashfs", tree: "next", file: "root.squashfs", level: 3 },
      { kind: "fat", folder: "/boot", file: "boot.fat" },
    ],
  };
}

function slot(name: string, type: string, file?: string) {
  const content = file === undefined ? { kind: "empty" } : { kind: "raw", file };
  return { name, type, size: "192MiB", content };
}

/** Builds a disk with slots of a Raspberry Pi, and an update. */
export async function buildTryboot(folder: string): Promise<{ image: string; update: string }> {
  const runner = denoRunner(), key = join(folder, "key");
  await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key] });
  const signer = Deno.readTextFileSync(`${key}.pub`).trim();
  const { image } = await buildSystem(folder, manifest(signer), "aarch64");
  const files = ["boot.fat", "root.squashfs"];
  return { image, update: await packUpdate(runner, folder, files, "update.tar", { key }) };
}
