import { type DiskPlan, planDisk } from "../../../build/outputs/disk/plan.ts";
import { diskSpec } from "../../../build/outputs/disk/spec.ts";
import type { Arch } from "../../../lib/brand.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";

/** A disk with both loaders of a PC, as a manifest has it. */
const FIELDS = {
  kind: "disk",
  file: "disk.img",
  table: "gpt",
  boot: { free: "1MiB" },
  root: { free: "4MiB" },
  loaders: ["syslinux", "systemd-boot"],
  flavour: "virt",
  initramfs: "/boot/initramfs-virt",
  cmdline: "console=ttyS0",
};

/** The plan of a disk that a manifest describes by these fields, beside usual ones. */
export function diskPlan(fields: object = {}, arch: Arch = "x86_64"): DiskPlan {
  const planning = { system: "tower", version: undefined, epoch: 0, arch, uuid: uuidFrom };
  return planDisk(diskSpec.parse({ ...FIELDS, ...fields }), planning);
}
