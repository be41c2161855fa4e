import type { IsoPlan } from "../../../build/outputs/iso/plan.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import { isolinuxParts } from "../format/isolinux_parts.ts";
import { smallTree } from "../tree/small_tree.ts";

/** A medium with both loaders. */
export const ISO_PLAN: IsoPlan = {
  kind: "iso",
  file: "tower.iso",
  compression: "none",
  arch: "x86_64",
  label: "TOWER",
  diskId: uuidFrom("disk"),
  isoPartition: uuidFrom("iso"),
  espPartition: uuidFrom("esp"),
  espVolumeId: 0xc0ffee42,
  loaders: ["isolinux", "systemd-boot"],
  kernel: "boot/vmlinuz-virt",
  initramfs: "boot/initramfs-virt",
  cmdline: "root=LABEL=TOWER rootfstype=iso9660 quiet",
  title: "tower",
};

/** A tree that such a medium is made of; no machine would start from it. */
export function mediumTree(): ReturnType<typeof smallTree> {
  return smallTree({
    ...isolinuxParts(),
    "boot/vmlinuz-virt": new Uint8Array(300_001).fill(0x4b),
    "boot/initramfs-virt": new Uint8Array(5_000_000).fill(0x49),
    "etc/hostname": "tower\n",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "MZ loader",
    "usr/lib/systemd/boot/efi/systemd-bootaa64.efi": "MZ loader",
  });
}
