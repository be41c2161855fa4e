import type { Arch } from "../../lib/brand.ts";
import { HOST_OMITTED, HOST_ROOTS, hostRecipes } from "./host_recipes.ts";
import { FIRMWARE, kernels, loaders, MACHINES } from "./machines.ts";
import type { PackageSet, Recipe } from "./recipe.ts";

/**
 * The lab: a small host whose packages have Alpine's names and layout where a manifest names
 * them, so that the same manifest also resolves on an Alpine mirror.
 */
export function labFor(arch: Arch): PackageSet {
  const machine = MACHINES[arch];
  const { triplet, kernel: [kernelRoot], pc, raspberryPi, bios } = machine;
  return {
    ...COMMON,
    arch,
    roots: [
      ...COMMON.roots,
      kernelRoot,
      ...(bios ? ["syslinux", "syslinux-common", "isolinux"] : []),
      ...(pc ? [pc[0]] : []),
      ...(raspberryPi ? [raspberryPi[0]] : []),
    ],
    ...(raspberryPi ? { wished: [FIRMWARE] } : {}),
    omitted: {
      ...COMMON.omitted,
      ...(raspberryPi ? { "dosfstools": "the firmware's scripts for Debian are left out" } : {}),
    },
    drop: [...COMMON.drop, `usr/lib/${triplet}/gconv/`],
    recipes: [
      ...COMMON.recipes,
      ...kernels(machine),
      ...loaders(machine),
      ...hostRecipes(triplet),
    ],
  };
}

/** What all architectures have. */
const COMMON = {
  folder: "lab",
  roots: [
    "busybox-static",
    "curl",
    "e2fsprogs",
    "iptables",
    "openrc",
    "openssh-client",
    "openssh-server",
    "systemd-boot-efi",
    ...HOST_ROOTS,
  ],
  omitted: {
    ...HOST_OMITTED,
    "adduser": "users and groups come from package scripts and the manifest",
    "debconf": "nothing asks questions while an image is built",
    "init-system-helpers": "for systemd and sysvinit; OpenRC runs the services",
    "initramfs-tools": "the initramfs is made by the build",
    "insserv": "orders sysvinit's scripts; OpenRC orders its own",
    "libpam-runtime": "doas alone uses PAM and brings its file",
    "linux-base": "helpers of Debian's kernel installation",
    "lsb-base": "sysvinit's functions for scripts that are left out",
    "openssh-sftp-server": "sshd has the server built in (internal-sftp)",
    "passwd": "busybox has the commands; accounts come from the manifest",
    "procps": "busybox has the commands",
    "runit-helper": "for runit",
    "ucf": "keeps changed configuration over upgrades by dpkg",
  },
  drop: [
    "etc/cron.d/",
    "etc/default/",
    "etc/init.d/",
    "etc/pam.d/",
    "etc/runit/",
    "etc/sv/",
    "etc/ufw/",
    "lib/systemd/",
    "lib/udev/",
    "usr/lib/systemd/user/",
    "usr/lib/tmpfiles.d/",
    "usr/share/apport/",
    "usr/share/bash-completion/",
    "usr/share/bug/",
    "usr/share/doc/",
    "usr/share/doc-base/",
    "usr/share/gcc/",
    "usr/share/gdb/",
    "usr/share/info/",
    "usr/share/initramfs-tools/",
    "usr/share/lintian/",
    "usr/share/locale/",
    "usr/share/man/",
    "usr/share/runit/",
    "usr/share/zsh/",
    "var/log/runit/",
  ],
  recipes: [
    ...base(),
    ...services(),
    ...ssh(),
    ...network(),
  ],
} satisfies Omit<PackageSet, "arch">;

/** The lab for PCs. */
export const lab: PackageSet = labFor("x86_64");

function base(): Recipe[] {
  return [
    {
      name: "alpine-base",
      version: "1.0-r0",
      description: "All that a small system needs beside a kernel",
      depends: [
        "alpine-baselayout",
        "busybox",
        "busybox-mdev-openrc",
        "busybox-openrc",
        "openrc",
      ],
    },
    {
      name: "alpine-baselayout",
      version: "1.0-r0",
      description: "Directories and the files that every system has",
      depends: ["/bin/sh"],
      provides: ["alpine-baselayout-data={version}"],
      directories: [
        ["dev", 0o755],
        ["dev/pts", 0o755],
        ["dev/shm", 0o755],
        ["etc/modules-load.d", 0o755],
        ["etc/network/if-down.d", 0o755],
        ["etc/network/if-post-down.d", 0o755],
        ["etc/network/if-post-up.d", 0o755],
        ["etc/network/if-pre-down.d", 0o755],
        ["etc/network/if-pre-up.d", 0o755],
        ["etc/network/if-up.d", 0o755],
        ["etc/opt", 0o755],
        ["etc/profile.d", 0o755],
        ["etc/sysctl.d", 0o755],
        ["home", 0o755],
        ["lib/firmware", 0o755],
        ["lib/modules-load.d", 0o755],
        ["media/cdrom", 0o755],
        ["media/usb", 0o755],
        ["mnt", 0o755],
        ["opt", 0o755],
        ["proc", 0o555],
        ["root", 0o700],
        ["run", 0o755],
        ["sbin", 0o755],
        ["srv", 0o755],
        ["sys", 0o555],
        ["tmp", 0o1777],
        ["usr/bin", 0o755],
        ["usr/lib/modules-load.d", 0o755],
        ["usr/local/bin", 0o755],
        ["usr/local/lib", 0o755],
        ["usr/local/share", 0o755],
        ["usr/sbin", 0o755],
        ["usr/share/misc", 0o755],
        ["var/cache/misc", 0o755],
        ["var/empty", 0o555],
        ["var/lib/misc", 0o755],
        ["var/local", 0o755],
        ["var/lock/subsys", 0o755],
        ["var/log", 0o755],
        ["var/mail", 0o755],
        ["var/opt", 0o755],
        ["var/spool/cron", 0o755],
        ["var/tmp", 0o1777],
      ],
      links: [
        ["etc/mtab", "/proc/mounts"],
        ["var/run", "../run"],
        ["var/spool/mail", "../mail"],
      ],
      owners: { "etc/shadow": { mode: 0o640, gid: 42 } },
    },
    {
      name: "busybox",
      deb: "busybox-static",
      links: [["bin/sh", "/bin/busybox"]],
      provides: ["/bin/sh"],
      providerPriority: 100,
      triggers: ["/bin", "/usr/bin", "/sbin", "/usr/sbin"],
      derive: "busybox-paths",
    },
    { name: "kmod", deb: "kmod", drop: ["etc/init.d/"], triggers: ["/lib/modules/*"] },
  ];
}

function services(): Recipe[] {
  return [
    {
      name: "openrc",
      deb: "openrc",
      // Debian puts links to its sysvinit scripts here; the manifest says what runs.
      drop: ["etc/runlevels/nonetwork/", "etc/runlevels/off/", "etc/runlevels/recovery/"],
      // Debian's build complains at every service where it is missing.
      directories: [["etc/insserv.conf.d", 0o755]],
    },
    {
      name: "busybox-openrc",
      version: "1.0-r0",
      description: "OpenRC services of busybox",
      depends: ["busybox", "openrc"],
    },
    {
      name: "busybox-mdev-openrc",
      version: "1.0-r0",
      description: "OpenRC service that makes device nodes",
      depends: ["busybox", "mdev-conf", "openrc"],
    },
    { name: "mdev-conf", version: "1.0-r0", description: "Rules for device nodes" },
  ];
}

function ssh(): Recipe[] {
  const common = ["etc/ssh/moduli", "etc/ssh/sshd_config.d"];
  return [
    {
      name: "openssh-server",
      deb: "openssh-server",
      inherits: true,
      drop: [...common, "usr/share/openssh/"],
      depends: ["openssh-keygen", "openssh-server-common={version}"],
    },
    {
      name: "openssh-server-common",
      deb: "openssh-server",
      inherits: false,
      description: "Files of every OpenSSH server",
      only: common,
    },
    {
      name: "openssh-server-common-openrc",
      version: "1.0-r0",
      description: "OpenRC service of the OpenSSH server",
      installIf: ["openrc", "openssh-server-common"],
    },
    {
      name: "openssh-client-default",
      deb: "openssh-client",
      inherits: true,
      drop: ["usr/bin/ssh-keygen", "usr/lib/openssh/ssh-keysign"],
      depends: ["openssh-keygen={version}"],
      provides: ["openssh-client={version}", "openssh-client-common={version}"],
    },
    {
      name: "openssh-keygen",
      deb: "openssh-client",
      inherits: true,
      only: ["usr/bin/ssh-keygen"],
      description: "Makes keys for OpenSSH",
    },
  ];
}

function network(): Recipe[] {
  const commands = ["iptables", "ip6tables"].flatMap((name) =>
    ["", "-restore", "-save"].map((suffix) =>
      [`usr/sbin/${name}${suffix}`, "xtables-nft-multi"] as const
    )
  );
  return [
    // Debian makes these links by its alternatives system, in a script.
    { name: "iptables", deb: "iptables", links: commands, provides: ["ip6tables={version}"] },
    {
      name: "iptables-openrc",
      version: "1.0-r0",
      description: "OpenRC services of iptables",
      installIf: ["openrc", "iptables"],
    },
  ];
}
