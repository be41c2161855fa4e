import type { Arch } from "../../lib/brand.ts";
import type { Uuid } from "../../lib/format/uuid.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { type Compression, imageFile } from "../../lib/release/file_names.ts";
import type { DiskSpec } from "./disk_spec.ts";
import type { OutputPlanning } from "./output.ts";

/** How large a partition is: one of the two is given. */
export interface Room {
  /** Bytes to spare beyond the content. */
  readonly free?: number | undefined;
  /** Exact bytes, a multiple of 4096. */
  readonly size?: number | undefined;
}

/** What fixes a disk image beside its tree. Pure JSON. */
export interface DiskPlan {
  readonly kind: "disk";
  /** Name of the artifact, with the suffix of its compression. */
  readonly file: string;
  readonly compression: Compression | "none";
  readonly arch: Arch;
  readonly table: "mbr" | "gpt";
  /** The GPT's GUID; its first field is the signature of an MBR. */
  readonly diskId: Uuid;
  /** The FAT partition that holds the tree's /boot and that the system mounts there. */
  readonly boot: Room & {
    /** 1 to 11 characters out of A-Z, 0-9, space, `_` and `-`. */
    readonly label: string;
    /** Only a GPT has it. */
    readonly partitionId: Uuid;
    /** 32 bits: what Linux shows as UUID `XXXX-XXXX`. */
    readonly volumeId: number;
  };
  /** The ext4 partition that holds the rest. */
  readonly root: Room & {
    readonly label: string;
    readonly partitionId: Uuid;
    readonly uuid: Uuid;
    readonly hashSeed: Uuid;
  };
  /**
   * What starts the kernel: `syslinux` from a BIOS, `systemd-boot` from UEFI firmware,
   * `raspberrypi` from the Raspberry Pi's own.
   */
  readonly loaders: readonly ("syslinux" | "systemd-boot" | "raspberrypi")[];
  /** Path in the tree, below `boot/`. */
  readonly kernel: string;
  readonly initramfs: string;
  /** Whole: `root=UUID=` of the root partition is in it. */
  readonly cmdline: string;
  /** What a boot menu shows. */
  readonly title: string;
}

/** Names and numbers of a disk, from its fields. */
export function planDisk(spec: DiskSpec, planning: OutputPlanning): DiskPlan {
  const { uuid } = planning;
  const rootUuid = uuid("root");
  return {
    kind: "disk",
    file: artifactName(imageFile(spec.file, spec.compression), planning),
    compression: spec.compression,
    arch: planning.arch,
    table: spec.table,
    diskId: uuid("disk"),
    boot: {
      ...spec.boot,
      partitionId: uuid("boot partition"),
      volumeId: parseInt(uuid("boot volume").slice(0, 8), 16),
    },
    root: {
      ...spec.root,
      uuid: rootUuid,
      hashSeed: uuid("hash seed"),
      partitionId: uuid("root partition"),
    },
    loaders: spec.loaders,
    kernel: `boot/vmlinuz-${spec.flavour}`,
    initramfs: spec.initramfs,
    cmdline: `root=UUID=${rootUuid} rootfstype=ext4 ${spec.cmdline}`.trim(),
    title: planning.system,
  };
}
