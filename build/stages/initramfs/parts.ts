import live from "./live.sh" with { type: "text" };
import record from "../../../lib/boot/slot_record.sh" with { type: "text" };
import shell from "./shell.sh" with { type: "text" };
import slots from "./slots.sh" with { type: "text" };
import unlock from "./unlock.sh" with { type: "text" };
import waiting from "./waiting.sh" with { type: "text" };
import verity from "./verity.sh" with { type: "text" };
import written from "./written.sh" with { type: "text" };

/**
 * What `/init` reads before it begins: its functions take the place of those of the same name. It is called
 * after the first that did so, as another name would change every initramfs.
 */
const OVERRIDES = "shell.sh";

/** What an initramfs can do beside mounting a root that lies open on a disk. */
export interface InitramfsPart {
  /** Names at the top of the initramfs, and what `/init` reads from there; those of one name are joined. */
  readonly scripts: readonly (readonly [name: string, text: string])[];
  /** Programs of the tree that it calls, with the libraries that they need. */
  readonly programs: readonly string[];
  /** Applets that the script calls: a busybox without one is refused. */
  readonly applets: readonly string[];
  /** Applets that are taken where busybox has them. */
  readonly wishedApplets: readonly string[];
}

/** Those that a manifest may list, by name. */
export const PARTS = {
  /** A root on an encrypted disk, with the key on the boot partition or a recovery passphrase. */
  unlock: {
    scripts: [["unlock.sh", unlock]],
    programs: ["sbin/cryptsetup", "sbin/lvm"],
    applets: ["mkdir"],
    wishedApplets: [],
  },
  /** A root that dm-verity checks while it is read, with what is written kept in memory. */
  verity: {
    scripts: [[OVERRIDES, waiting], [OVERRIDES, written], [OVERRIDES, verity]],
    programs: ["sbin/veritysetup"],
    applets: ["mkdir", "sha256sum"],
    wishedApplets: [],
  },
  /** A root that is a file of the medium, checked while it is read, with what is written kept in memory. */
  live: {
    scripts: [[OVERRIDES, written], [OVERRIDES, live]],
    programs: ["sbin/veritysetup"],
    applets: ["mkdir", "cp", "losetup"],
    wishedApplets: [],
  },
  /** One of two roots on a disk, as the loader or a record says. */
  slots: {
    scripts: [[OVERRIDES, waiting], ["slots.sh", slots], ["slot_record.sh", record]],
    programs: [],
    applets: ["sha256sum"],
    wishedApplets: [],
  },
} as const satisfies Readonly<Record<string, InitramfsPart>>;

export type PartName = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** What `emergencyShell` brings: a shell, and what somebody in it is glad of. */
export const SHELL: InitramfsPart = {
  scripts: [[OVERRIDES, shell]],
  programs: [],
  applets: [],
  wishedApplets: [
    ...["blkid", "chroot", "cp", "dmesg", "echo", "fdisk", "free", "grep", "head", "insmod", "ip"],
    ...["less", "ln", "lsmod", "mkdir", "mknod", "mv", "poweroff", "ps", "rm", "rmmod", "tail"],
    ...["uname", "vi"],
  ],
};
