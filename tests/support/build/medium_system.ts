import { join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { build } from "../../../build/pipeline.ts";
import { realEnv } from "../../../lib/env.ts";
import { listDir } from "../../../lib/files/files.ts";
import type { BuildRecord } from "../../../lib/release/record.ts";
import { silent } from "../../../lib/report/event.ts";
import { labMissing, labRequest } from "./lab_system.ts";

const LABEL = "TOWER_LAB";

/** What the machine says around the lines of {@linkcode guestHashes}. */
export const MARKERS = { begin: "MEDIUM-BEGIN", end: "MEDIUM-END" } as const;

/** Process 1: mounts the medium and says the SHA-256 of each of its files. */
const HASH_MEDIUM = `#!/bin/busybox sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do modprobe "$module"; done < /etc/modules
until device=$(findfs LABEL=${LABEL}) && [ -b "$device" ]; do sleep 1; done
mount -t iso9660 -o ro "$device" /newroot
cd /newroot
echo "${MARKERS.begin} $device"
[ -d /sys/firmware/efi ] && echo "by uefi"
find . -type f -print0 | sort -z | xargs -0 sha256sum
find . -type l -print0 | sort -z | xargs -0 stat -c '%F %N'
stat -c '%a %u %g %Y %n' etc/shadow usr/bin/hash-medium
echo ${MARKERS.end}
poweroff -f
`;

/** Modules for every way in which a machine has a medium. */
const MODULES = [
  ...["isofs", "sr_mod", "cdrom", "virtio_scsi", "virtio_pci", "ahci", "sd_mod"],
  ...["usb-storage", "uas", "xhci-pci"],
];

const MANIFEST = {
  name: "medium",
  arches: ["x86_64"],
  repositories: ["lab"],
  stages: [
    {
      kind: "packages",
      world: ["alpine-base", "linux-lts", ["systemd-boot", "gummiboot"], ["isolinux", "syslinux"]],
    },
    {
      kind: "files",
      files: [
        { path: "/usr/bin/hash-medium", contents: HASH_MEDIUM, mode: "0755" },
        { path: `/srv/${"deep/".repeat(10)}${"long-".repeat(40)}name`, contents: "deep\n" },
        { path: "/srv/link", symlink: `../${"deep/".repeat(60)}target` },
      ],
      // The initramfs has those that it needs; the others only take time to hash.
      remove: ["/lib/firmware"],
    },
    { kind: "kernel", flavour: "lts" },
    {
      kind: "initramfs",
      flavour: "lts",
      path: "/boot/initramfs-lts",
      modules: MODULES,
      files: ["/usr/bin/hash-medium"],
    },
  ],
  outputs: [{
    kind: "iso",
    file: "medium.iso",
    label: LABEL,
    loaders: ["isolinux", "systemd-boot"],
    flavour: "lts",
    initramfs: "/boot/initramfs-lts",
    cmdline: "console=ttyS0 quiet rdinit=/usr/bin/hash-medium",
  }],
};

/** Why the medium cannot be built, or undefined. */
export function mediumMissing(): string | undefined {
  const missing = labMissing();
  if (missing !== undefined) return missing;
  const packages = listDir(join(labFolder(realEnv()), "x86_64"));
  return packages.some((name) => name.startsWith("isolinux-"))
    ? undefined
    : "the lab repository has no isolinux; make it anew with deno task lab";
}

/** Builds a medium that tells what it holds. @param folder Where it and what tells of it go. */
export async function buildMedium(folder: string): Promise<{ image: string; record: BuildRecord }> {
  const system = join(folder, "medium.yaml");
  Deno.writeTextFileSync(system, JSON.stringify(MANIFEST)); // JSON is YAML
  using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
  const request = labRequest(system, "x86_64", folder);
  const { record } = await build(request, { ...engine, reporter: silent });
  return { image: join(folder, "medium.iso"), record };
}

/** SHA-256 of each file by path, as the machine said them. */
export function guestHashes(said: string): Map<string, string> {
  return new Map(
    [...said.matchAll(/^([0-9a-f]{64}) {2}\.\/(.*?)\r?$/gm)].map((
      [, digest, path],
    ) => [path!, digest!]),
  );
}
