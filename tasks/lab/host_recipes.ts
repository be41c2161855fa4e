import type { Omissions } from "./closure.ts";
import type { Recipe } from "./recipe.ts";

/** Debian packages that the host system adds to the lab. */
export const HOST_ROOTS: readonly string[] = [
  "chrony",
  "cryptsetup-bin",
  "dnsmasq-base",
  "fdisk",
  "libpam-modules",
  "lvm2",
  "opendoas",
  "tor",
  "tzdata",
  "util-linux",
  "wpasupplicant",
  "x11vnc",
  "xauth",
  "xclip",
  "xdotool",
  "xvfb",
];

/** What the host's packages would bring and nothing here uses. */
export const HOST_OMITTED: Omissions = {
  "iproute2": "busybox has the command",
  "libdb5.3": "only pam_userdb needs it, which is left out",
  "libglx-mesa0": "Xvfb paints without OpenGL drivers",
  "libpam-modules-bin": "helpers of PAM modules that are left out",
  "tk": "x11vnc asks nothing in windows of its own",
  "util-linux-extra": "nothing uses its programs",
};

/**
 * The packages of the host system, by Alpine's names.
 * @param triplet The folder of libraries of one architecture.
 */
export function hostRecipes(triplet: string): Recipe[] {
  return [
    ...disks(),
    ...graphics(),
    ...clockAndRadio(),
    ...routerServices(),
    ...becomingRoot(triplet),
  ];
}

function disks(): Recipe[] {
  return [
    { name: "e2fsprogs", deb: "e2fsprogs", provides: ["e2fsprogs-extra={version}"] },
    { name: "sfdisk", deb: "fdisk", only: ["sbin/sfdisk", "usr/sbin/sfdisk"] },
    { name: "blkid", deb: "util-linux", only: ["sbin/blkid"] },
    { name: "partx", deb: "util-linux", only: ["usr/bin/partx"] },
    { name: "lsblk", deb: "util-linux", only: ["bin/lsblk", "usr/bin/lsblk"] },
    { name: "cryptsetup", deb: "cryptsetup-bin" },
    { name: "lvm2", deb: "lvm2" },
  ];
}

function graphics(): Recipe[] {
  return [
    { name: "xvfb", deb: "xvfb" },
    { name: "x11vnc", deb: "x11vnc" },
    { name: "xauth", deb: "xauth" },
    { name: "xclip", deb: "xclip" },
    { name: "xdotool", deb: "xdotool" },
  ];
}

function clockAndRadio(): Recipe[] {
  return [
    {
      name: "chrony",
      deb: "chrony",
      only: ["usr/bin/chronyc", "usr/sbin/chronyd"],
      directories: [["etc/chrony", 0o755]],
    },
    {
      name: "chrony-openrc",
      version: "1.0-r0",
      description: "OpenRC service of chrony",
      installIf: ["openrc", "chrony"],
    },
    {
      name: "wpa_supplicant",
      deb: "wpasupplicant",
      only: ["sbin/", "usr/sbin/"],
    },
    {
      name: "wpa_supplicant-openrc",
      version: "1.0-r0",
      description: "OpenRC service of wpa_supplicant",
      installIf: ["openrc", "wpa_supplicant"],
    },
  ];
}

function routerServices(): Recipe[] {
  return [
    { name: "dnsmasq", deb: "dnsmasq-base", only: ["usr/sbin/"] },
    {
      name: "dnsmasq-openrc",
      version: "1.0-r0",
      description: "OpenRC service of dnsmasq",
      installIf: ["openrc", "dnsmasq"],
    },
    { name: "tor", deb: "tor", only: ["usr/bin/", "usr/sbin/"] },
    {
      name: "tor-openrc",
      version: "1.0-r0",
      description: "OpenRC service of tor",
      installIf: ["openrc", "tor"],
    },
  ];
}

function becomingRoot(triplet: string): Recipe[] {
  const modules = ["pam_deny", "pam_permit", "pam_unix"];
  return [
    {
      name: "libpam-modules",
      deb: "libpam-modules",
      only: modules.map((name) => `lib/${triplet}/security/${name}.so`),
      description: "The PAM modules that doas uses",
    },
    { name: "doas", deb: "opendoas", depends: ["libpam-modules"] },
  ];
}
