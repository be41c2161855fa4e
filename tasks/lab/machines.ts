import type { Arch } from "../../lib/brand.ts";
import type { Recipe } from "./recipe.ts";

/** What an architecture is called by Debian and by UEFI, and the kernels that it has. */
export interface Machine {
  /** The folder of its libraries. */
  readonly triplet: string;
  readonly efi: string;
  /** The package that brings the newest kernel for virtual machines, and its pattern. */
  readonly kernel: readonly [root: string, image: RegExp];
  /** The same for a kernel with the drivers of real PCs. */
  readonly pc?: readonly [root: string, image: RegExp];
  /** The same for a kernel that starts Raspberry Pis. */
  readonly raspberryPi?: readonly [root: string, image: RegExp];
  /** Whether there are PCs with a BIOS. */
  readonly bios: boolean;
}

/** The machines that the lab is made for. */
export const MACHINES: Readonly<Record<Arch, Machine>> = {
  x86_64: {
    triplet: "x86_64-linux-gnu",
    efi: "x64",
    kernel: ["linux-image-cloud-amd64", /^linux-image-[0-9.]+-[0-9]+-cloud-amd64$/],
    pc: ["linux-image-amd64", /^linux-image-[0-9.]+-[0-9]+-amd64$/],
    bios: true,
  },
  aarch64: {
    triplet: "aarch64-linux-gnu",
    efi: "aa64",
    kernel: ["linux-image-cloud-arm64", /^linux-image-[0-9.]+-[0-9]+-cloud-arm64$/],
    raspberryPi: ["linux-image-arm64", /^linux-image-[0-9.]+-[0-9]+-arm64$/],
    bios: false,
  },
  armv7: {
    triplet: "arm-linux-gnueabihf",
    efi: "arm",
    // Debian has no smaller one for virtual machines.
    kernel: ["linux-image-armmp", /^linux-image-[0-9.]+-[0-9]+-armmp$/],
    raspberryPi: ["linux-image-armmp", /^linux-image-[0-9.]+-[0-9]+-armmp$/],
    bios: false,
  },
};

/** Debian's package of the Raspberry Pi's firmware. */
export const FIRMWARE = "raspi-firmware";

/** The kernels, by Alpine's names. */
export function kernels({ kernel, pc, raspberryPi }: Machine): Recipe[] {
  const provides = ["linux={version}"];
  return [
    {
      name: "linux-virt",
      deb: kernel[1],
      description: "Linux for virtual machines",
      provides,
      derive: "kernel",
    },
    ...(pc
      ? [
        {
          name: "linux-lts",
          deb: pc[1],
          description: "Linux for PCs, without drivers for pictures, sound and measuring",
          provides,
          derive: "pc-kernel",
        } as const,
      ]
      : []),
    ...(raspberryPi
      ? [
        {
          name: "linux-rpi",
          deb: raspberryPi[1],
          description: "Linux for many machines, Raspberry Pis among them",
          derive: "raspberry-pi-kernel",
        } as const,
      ]
      : []),
  ];
}

/** What starts them, by Alpine's names. */
export function loaders({ efi, bios, raspberryPi }: Machine): Recipe[] {
  return [
    ...(bios ? syslinux() : []),
    {
      name: "systemd-boot",
      deb: "systemd-boot-efi",
      only: [`usr/lib/systemd/boot/efi/systemd-boot${efi}.efi`],
    },
    {
      name: "systemd-efistub",
      deb: "systemd-boot-efi",
      description: "What unified kernel images begin with",
      inherits: false,
      only: [`usr/lib/systemd/boot/efi/linux${efi}.efi.stub`],
    },
    ...(raspberryPi
      ? [
        {
          name: "raspberrypi-bootloader",
          deb: FIRMWARE,
          inherits: false,
          only: ["usr/lib/raspi-firmware/"],
          move: [["usr/lib/raspi-firmware/", "boot/"]],
          provides: ["raspberrypi-bootloader-common={version}"],
        } as const,
      ]
      : []),
  ];
}

function syslinux(): Recipe[] {
  return [
    {
      name: "syslinux",
      deb: "syslinux",
      drop: ["usr/lib/SYSLINUX/"],
      depends: ["syslinux-common"],
    },
    {
      name: "syslinux-common",
      deb: "syslinux-common",
      only: [
        "usr/lib/syslinux/mbr/gptmbr.bin",
        "usr/lib/syslinux/mbr/mbr.bin",
        "usr/lib/syslinux/modules/bios/",
      ],
      // Where Alpine has them.
      move: [
        ["usr/lib/syslinux/mbr/", "usr/share/syslinux/"],
        ["usr/lib/syslinux/modules/bios/", "usr/share/syslinux/"],
      ],
    },
    {
      // Of its own, so that systems which start from disks stay as they are; in Alpine, syslinux has it.
      name: "isolinux",
      deb: "isolinux",
      only: ["usr/lib/ISOLINUX/isolinux.bin", "usr/lib/ISOLINUX/isohdpfx.bin"],
      move: [["usr/lib/ISOLINUX/", "usr/share/syslinux/"]],
      depends: ["syslinux-common"],
    },
  ];
}
