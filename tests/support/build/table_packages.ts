import type { Arch } from "../../../lib/brand.ts";
import { moduleFile } from "../format/elf_file.ts";
import { peFile } from "../format/pe_file.ts";
import { signedPe, STRANGER } from "../format/signed_pe.ts";
import { isolinuxParts } from "../format/isolinux_parts.ts";
import { installer } from "../format/syslinux_installer.ts";
import { ODDITIES } from "./full_system.ts";
import type { PackagedFile, PackageSpec } from "./lab_repository.ts";

/** Architectures that the system is for. */
export const TABLE_ARCHES = ["x86_64", "aarch64"] as const satisfies readonly Arch[];
export type TableArch = typeof TABLE_ARCHES[number];

/** Names in busybox: what an initramfs needs, and a few of which it is glad. */
const APPLETS =
  "cat dd dmesg find findfs hexdump ls mkdir modprobe mount readlink reboot sed sha256sum sh " +
  "sleep sort switch_root tr umount usleep vi xargs";

const program = (text: string | Uint8Array): PackagedFile => ({ text, mode: 0o755 });
const SERVICE = program("#!/sbin/openrc-run\n");
export const FLAVOUR = { x86_64: "virt", aarch64: "rpi" } as const;
export const EFI = { x86_64: "x64", aarch64: "aa64" } as const;
const MACHINE = { x86_64: 0x8664, aarch64: 0xaa64 } as const;

/** Bytes of which no compression makes little, the same everywhere (a linear congruence). */
export function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** A program of EFI with symbols, which a unified image is without. */
function efiProgram(arch: TableArch): Uint8Array {
  return peFile({ machine: MACHINE[arch], trailer: new Uint8Array(100).fill(7) });
}

function kernel(arch: TableArch): PackageSpec {
  const flavour = FLAVOUR[arch];
  const release = `6.6.1-0-${flavour}`;
  const modules = `lib/modules/${release}`;
  return {
    name: `linux-${flavour}`,
    version: "6.6.1-r0",
    files: {
      [`boot/vmlinuz-${flavour}`]: signedPe(
        peFile({
          machine: MACHINE[arch],
          sections: [{ name: ".text", bytes: noise(300_000) }],
        }),
        STRANGER,
      ),
      [`boot/config-${flavour}`]: "CONFIG_RD_ZSTD=y\n",
      [`usr/share/kernel/${flavour}/kernel.release`]: `${release}\n`,
      [`${modules}/modules.builtin`]: "kernel/crypto/crc32c.ko\n",
      [`${modules}/modules.order`]: "kernel/fs/jbd2.ko\nkernel/fs/ext4.ko\n",
      [`${modules}/kernel/fs/jbd2.ko`]: moduleFile({ exports: ["jbd2_start"] }),
      [`${modules}/kernel/fs/ext4.ko`]: moduleFile({
        imports: ["jbd2_start"],
        info: ["depends=jbd2", "alias=fs-ext4", "firmware=ext4.fw"],
      }),
      "lib/firmware/ext4.fw": "firmware",
    },
  };
}

export const LOADERS = {
  x86_64: {
    name: "syslinux",
    files: {
      "etc/update-extlinux.conf": "overwrite=1\n",
      "sbin/extlinux": program(installer()),
      "sbin/update-extlinux": program("#!/bin/sh\n"),
      "usr/share/syslinux/gptmbr.bin": "code of a GPT",
      ...isolinuxParts(),
      "usr/share/syslinux/mbr.bin": "code of an MBR",
    },
  },
  aarch64: {
    name: "raspberrypi-bootloader",
    files: {
      ...Object.fromEntries(
        ["bootcode.bin", "fixup.dat", "fixup4.dat", "start.elf", "start4.elf"]
          .map((name) => [`boot/${name}`, name]),
      ),
      "boot/bcm2711-rpi-4-b.dtb": "tree",
      "boot/overlays/dwc2.dtbo": "overlay",
    },
  },
} as const satisfies Readonly<Record<TableArch, PackageSpec>>;

/** The packages of the system: no byte of them is from anywhere but here. */
export function tablePackages(arch: TableArch): readonly PackageSpec[] {
  return [
    {
      name: "alpine-base",
      files: {
        "etc/group": "root:x:0:\nshadow:x:42:\nwheel:x:10:root\n",
        "etc/init.d/hostname": SERVICE,
        "etc/init.d/sshd": SERVICE,
        "etc/os-release": "ID=table\nPRETTY_NAME=Table\n",
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "etc/shadow": { text: "root:*:19000::::::\n", mode: 0o640, gid: 42 },
        "etc/surplus/file": "to be removed\n",
        "bin/busybox": program(`\0${APPLETS.replaceAll(" ", "\0")}\0`),
        "bin/sh": { link: "/bin/busybox" },
        "root": { mode: 0o700 },
        "sbin/cryptsetup": program("#!/bin/sh\n"),
        "sbin/openrc-run": program("#!/bin/sh\n"),
        "sbin/lvm": program("#!/bin/sh\n"),
        "sbin/veritysetup": program("#!/bin/sh\n"),
        "tmp": { mode: 0o1777 },
        "usr/share/noise": noise(2_500_000),
        "usr/share/Grüße, 世界": "a name of many bytes\n",
        [`usr/share/${"long-".repeat(40)}name`]: "a name that no header of tar holds\n",
      },
    },
    ODDITIES,
    {
      name: "decided",
      depends: ["alpine-base"],
      scripts: {
        "post-install": "#!/bin/sh\nfrobnicate --all\n",
        "trigger": "#!/bin/sh\nfrobnicate --some\n",
      },
      triggers: ["/usr/share/*"],
    },
    {
      name: "systemd-boot",
      files: {
        [`usr/lib/systemd/boot/efi/systemd-boot${EFI[arch]}.efi`]: efiProgram(arch),
        [`usr/lib/systemd/boot/efi/linux${EFI[arch]}.efi.stub`]: efiProgram(arch),
      },
    },
    { name: "openssh-keygen", files: { "usr/bin/ssh-keygen": program("#!/bin/sh\n") } },
    kernel(arch),
    LOADERS[arch],
  ];
}
