import type { Arch } from "../../lib/brand.ts";
import type { Uuid } from "../../lib/format/uuid.ts";

/** How large a partition is: exactly, or as its content needs with room to spare. */
export type PartitionSize = { readonly size: number } | { readonly freeBytes: number };

/** The partition table and the numbers that are its own. */
export type DiskTable =
  | {
    readonly kind: "mbr";
    /** 32 bits: with the partition's number, Linux' PARTUUID. */
    readonly signature: number;
  }
  | {
    readonly kind: "gpt";
    readonly guid: Uuid;
    readonly bootGuid: Uuid;
    readonly rootGuid: Uuid;
  };

/** What fixes a disk image beside its tree. Pure JSON. */
export interface DiskPlan {
  readonly arch: Arch;
  readonly table: DiskTable;
  /** The FAT partition that holds the tree's /boot and that the system mounts there. */
  readonly boot: {
    /** 1 to 11 characters out of A-Z, 0-9, space, `_` and `-`. */
    readonly label: string;
    /** 32 bits: what Linux shows as UUID `XXXX-XXXX`. */
    readonly volumeId: number;
    readonly size: PartitionSize;
  };
  /** The ext4 partition that holds the rest. */
  readonly root: {
    readonly label: string;
    readonly uuid: Uuid;
    readonly hashSeed: Uuid;
    readonly size: PartitionSize;
  };
  /** What starts the kernel: SYSLINUX from a BIOS, systemd-boot from UEFI firmware. */
  readonly loaders: { readonly bios?: true; readonly uefi?: true };
  /** What is started. Paths are the tree's, below `boot/`. */
  readonly entry: {
    readonly title: string;
    readonly kernel: string;
    readonly initramfs: string;
    /** Whole: `root=UUID=` of the root partition is the plan's to put in. */
    readonly commandLine: string;
  };
}
