import type { Arch } from "../../../lib/brand.ts";
import type { IndexedPackage } from "../../../lib/apk/types.ts";
import type { PackagedFile, PackageSpec } from "../build/lab_repository.ts";
import { installer } from "../format/syslinux_installer.ts";
import { kernelFiles } from "./kernel_files.ts";

type Files = NonNullable<PackageSpec["files"]>;

/** Folders of the programs that do not lie in `/usr/bin`. */
const PROGRAMS: Readonly<Record<string, string>> = {
  blkid: "sbin",
  cryptsetup: "sbin",
  dnsmasq: "usr/sbin",
  "dnsmasq-common": "usr/sbin",
  iptables: "sbin",
  kmod: "sbin",
  lsblk: "bin",
  lvm2: "sbin",
  mkinitfs: "sbin",
  syslinux: "sbin",
};

/** Services of the packages whose services are named otherwise than they are. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  "cryptsetup-openrc": ["dmcrypt"],
  "iptables-openrc": ["ebtables", "ip6tables", "iptables"],
  "kmod-openrc": ["kmod-static-nodes"],
  "lvm2-openrc": ["dmeventd", "lvm"],
};

const EFI: Record<Arch, string> = { x86_64: "x64", aarch64: "aa64", armv7: "arm" };

/** What systems and other packages' scripts need of a package, at its real path. */
const OWN: Readonly<Record<string, (arch: Arch) => Files>> = {
  encodings: () => ({ "usr/share/fonts/encodings/encodings.dir": "0\n" }),
  "font-cursor-misc": () => ({ "usr/share/fonts/misc/cursor.pcf.gz": "a font" }),
  "font-dejavu": () => ({ "usr/share/fonts/dejavu/DejaVuSans.ttf": "a font" }),
  gummiboot: (arch) => ({ [`usr/lib/gummiboot/gummiboot${EFI[arch]}.efi`]: "MZ" }),
  "iptables-openrc": () => ({
    "etc/conf.d/ip6tables": "IPTABLES_SAVE=/etc/iptables/rules6-save\n",
    "etc/conf.d/iptables": "IPTABLES_SAVE=/etc/iptables/rules-save\n",
  }),
  kmod: () => ({ "bin/kmod": program("kmod") }),
  "linux-firmware-intel": () => ({ "lib/firmware/iwlwifi-9000.ucode": "firmware" }),
  mkinitfs: () => ({ "etc/mkinitfs/mkinitfs.conf": 'features="ata base ext4 usb"\n' }),
  nginx: () => ({
    "etc/nginx/http.d": null,
    "usr/share/nginx/http-default_server.conf": "server {}\n",
  }),
  "raspberrypi-bootloader": () =>
    named("boot", ["fixup.dat", "fixup4.dat", "start.elf", "start4.elf"]),
  "raspberrypi-bootloader-common": () => named("boot", ["bootcode.bin"]),
  syslinux: () => ({
    "etc/update-extlinux.conf": "overwrite=1\n",
    "sbin/extlinux": { text: installer(), mode: 0o755 },
    ...named("usr/share/syslinux", ["gptmbr.bin", "ldlinux.c32", "mbr.bin"]),
  }),
  tor: () => ({ "etc/tor/torrc.sample": "# none\n" }),
};

/** What a package stands in for another with: its programs, libraries, services and settings. */
export function standInFiles(item: IndexedPackage, arch: Arch): Files {
  const { name, version, provides } = item;
  const flavour = /^linux-(lts|rpi|virt)$/.exec(name)?.[1];
  const provided = (kind: string) =>
    provides.filter((text) => text.startsWith(`${kind}:`))
      .map((text) => text.slice(kind.length + 1).replace(/=.*$/, ""));
  const folder = PROGRAMS[name] ?? "usr/bin";
  const services = SERVICES[name] ??
    (name.endsWith("-openrc") ? [name.slice(0, -"-openrc".length)] : []);
  return {
    [`usr/share/stand-in/${name}`]: `${name}-${version}\n`,
    ...Object.fromEntries([
      ...provided("cmd").map((command) => [`${folder}/${command}`, program(command)]),
      ...provided("so").filter((so) => so.startsWith("lib"))
        .map((so) => [`usr/lib/${so}`, `stands in for ${so}\n`]),
      ...services.map((service) => [`etc/init.d/${service}`, SERVICE]),
    ]),
    ...(flavour === undefined ? {} : kernelFiles(flavour, version, arch)),
    ...(name === "linux-rpi" ? deviceTrees(arch) : {}),
    ...OWN[name]?.(arch),
  };
}

const SERVICE: PackagedFile = { text: "#!/sbin/openrc-run\n", mode: 0o755 };

function program(name: string): PackagedFile {
  return { text: `#!/bin/sh\n# stands in for ${name}\n`, mode: 0o755 };
}

function named(folder: string, names: readonly string[]): Files {
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, name]));
}

/** Of 64 bits, Alpine moves them out of a folder of the maker's; of 32 bits there is none. */
function deviceTrees(arch: Arch): Files {
  const own = arch === "aarch64" ? "bcm2711-rpi-4-b" : "bcm2709-rpi-2-b";
  return { [`boot/${own}.dtb`]: "tree", "boot/overlays/dwc2.dtbo": "overlay" };
}
