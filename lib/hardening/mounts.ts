/** A mounted file system and options that it has at least (mount(8)), as /proc/mounts tells them. */
export interface Mount {
  readonly point: string;
  readonly options: readonly string[];
  readonly why: string;
  readonly toweros?: string;
  /** Whether a line of fstab says so; the others OpenRC or the initramfs mount this way. */
  readonly isInFstab: boolean;
}

export const MOUNTS: readonly Mount[] = [
  {
    point: "/proc",
    options: ["nosuid", "nodev", "noexec", "hidepid=invisible"],
    isInFstab: true,
    why:
      "accounts of services see no command lines and environments of others; ps by doas shows all",
  },
  {
    point: "/tmp",
    options: ["nosuid", "nodev"],
    isInFstab: true,
    why: "in memory: what was left there is gone with the power",
  },
  {
    point: "/dev/shm",
    options: ["nosuid", "nodev", "noexec"],
    isInFstab: false,
    why: "OpenRC's own; no program is started from there",
  },
  {
    point: "/run",
    options: ["nosuid", "nodev"],
    isInFstab: false,
    why: "OpenRC's own",
  },
  {
    point: "/sys",
    options: ["nosuid", "nodev", "noexec"],
    isInFstab: false,
    why: "the initramfs' own",
  },
  {
    point: "/boot",
    options: ["nosuid", "nodev", "noexec", "fmask=0077", "dmask=0077"],
    isInFstab: true,
    why:
      "keys lie there: root's alone, mounted only while it is needed, and nothing starts from it",
  },
];
