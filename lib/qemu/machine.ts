import type { Arch } from "../brand.ts";

/** A port of this machine's loopback that leads to a TCP port of the guest. */
export interface Forward {
  readonly host: number;
  readonly guest: number;
}

/** A network whose guest has an address of its own choice. */
export interface Lan {
  /** Such as 192.168.2.0/24. */
  readonly network: string;
  /** Where forwarded connections come from, as the guest sees them. */
  readonly host: string;
  readonly guest: string;
}

/** A virtual machine, as data. */
export interface MachineSpec {
  readonly arch: MachineArch;
  /** Disk image; `snapshot` throws the guest's writes away. */
  readonly image: string;
  readonly snapshot: boolean;
  /** A file, there already, that learns each write and flush of the disk (QEMU's blklogwrites). */
  readonly writeLog?: string;
  /** What the disk and the network card are: virtio's by default, or as real computers have. */
  readonly disk?: DiskKind;
  readonly card?: keyof typeof CARDS;
  /** Disks beside that one, changed as it is; the serial numbers are what the guest tells them by. */
  readonly moreDisks?: readonly {
    readonly image: string;
    readonly serial: string;
    /** A stick on USB. */
    readonly removable?: true;
  }[];
  /**
   * BIOS is SeaBIOS, which QEMU carries, for PCs only; UEFI needs a firmware file. One that keeps
   * Secure Boot's keys writes them to its file of variables.
   */
  readonly firmware:
    | { readonly kind: "bios" }
    | { readonly kind: "uefi"; readonly file: string }
    | { readonly kind: "secure-boot"; readonly code: string; readonly variables: string };
  readonly accelerator: "kvm" | "tcg";
  readonly memoryMiB: number;
  readonly processors: number;
  /**
   * `user`: QEMU's own network, 10.0.2.0/24 or `lan`, closed but for the forwards.
   * `tap`: an interface that exists already, and the card's own address: QEMU gives every card the
   * same one, which two guests on a switch cannot share. With `uplink`, an interface as well, the guest
   * has a second card; it sees one otherwise.
   */
  readonly network:
    | { readonly kind: "none" }
    | { readonly kind: "user"; readonly forwards: readonly Forward[]; readonly lan?: Lan }
    | {
      readonly kind: "tap";
      readonly interface: string;
      readonly mac?: string;
      readonly uplink?: string;
    };
  /** Where the guest's first serial port goes: this program's terminal, or a file. */
  readonly serial: { readonly kind: "stdio" } | { readonly kind: "file"; readonly path: string };
  /**
   * File for what the guest writes to its second serial port (a PC's ttyS1). A port of its own, because
   * many kernels have no /dev/port through which a shell could reach isa-debug-exit.
   */
  readonly statusFile?: string;
}

/** Architectures that there are machines of here. */
export type MachineArch = Exclude<Arch, "armv7">;

/** The program that runs a PC. */
export const QEMU = "qemu-system-x86_64";

/** Where distributions put a UEFI firmware that `-bios` takes: Debian's ovmf, Alpine's, Arch's. */
export const OVMF_FILES = [
  "/usr/share/ovmf/OVMF.fd",
  "/usr/share/OVMF/OVMF.fd",
  "/usr/share/edk2/x64/OVMF.4m.fd",
] as const;

/**
 * A firmware that checks signatures, and the variables that a new machine of it has, without keys:
 * Debian's ovmf and qemu-efi-aarch64, Arch's.
 */
export const SECURE_BOOT_FILES: Readonly<
  Record<MachineArch, readonly { readonly code: string; readonly variables: string }[]>
> = {
  x86_64: [
    {
      code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
      variables: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    },
    {
      code: "/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd",
      variables: "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    },
  ],
  aarch64: [
    { code: "/usr/share/AAVMF/AAVMF_CODE.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.fd" },
  ],
};

/** The same for Arm: Debian's qemu-efi-aarch64, Alpine's aavmf, Arch's edk2-aarch64. */
export const ARM_UEFI_FILES = [
  "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
  "/usr/share/AAVMF/QEMU_EFI.fd",
  "/usr/share/edk2/aarch64/QEMU_EFI.fd",
] as const;

/** Disks, by their options; the machine q35 has an AHCI controller of its own, others have none. */
const DISKS = {
  virtio: ["virtio-blk-pci,drive=disk,bootindex=0"],
  nvme: ["nvme,drive=disk,serial=1,bootindex=0"],
  ahci: ["ide-hd,drive=disk,bus=ide.0,bootindex=0"],
  usb: ["qemu-xhci", "usb-storage,drive=disk,removable=on,bootindex=0"],
  cd: ["virtio-scsi-pci", "scsi-cd,drive=disk,bootindex=0"],
} as const;
/** What a machine's disk may be. */
export type DiskKind = keyof typeof DISKS;
const CARDS = { virtio: "virtio-net-pci", e1000e: "e1000e", rtl8139: "rtl8139" } as const;

/** How machines of an architecture are made, and what brings their parts. */
interface Model {
  readonly program: string;
  readonly options: readonly string[];
  readonly firmware: readonly string[];
  /** Packages of Debian and of Alpine. */
  readonly packages: { readonly qemu: Packages; readonly firmware: Packages };
}
type Packages = readonly [apt: string, apk: string];

export const MODELS: Readonly<Record<MachineArch, Model>> = {
  x86_64: {
    program: QEMU,
    options: ["-machine", "q35"],
    firmware: OVMF_FILES,
    packages: { qemu: ["qemu-system-x86", "qemu-system-x86_64"], firmware: ["ovmf", "ovmf"] },
  },
  aarch64: {
    program: "qemu-system-aarch64",
    options: ["-machine", "virt", "-cpu", "cortex-a72"],
    firmware: ARM_UEFI_FILES,
    packages: {
      qemu: ["qemu-system-arm", "qemu-system-aarch64"],
      firmware: ["qemu-efi-aarch64", "aavmf"],
    },
  },
};

/**
 * The command line of a machine (qemu(1)). `-nodefaults` and `-no-user-config` keep the building
 * machine's settings out; the random device spares the guest a wait for entropy.
 */
export function qemuArgv(machine: MachineSpec): [string, ...string[]] {
  const { program, options } = MODELS[machine.arch];
  const argv: [string, ...string[]] = [
    program,
    "-nodefaults",
    "-no-user-config",
    ...options,
    ...["-accel", machine.accelerator],
    ...["-m", `${machine.memoryMiB}M`, "-smp", String(machine.processors)],
    ...["-display", "none", "-vga", "none", "-no-reboot"],
    ...["-device", "virtio-rng-pci"],
    ...[
      "-drive",
      machine.writeLog === undefined
        ? drive(machine, machine.image, "disk")
        : loggedDrive(machine.image, machine.writeLog),
    ],
    ...DISKS[machine.disk ?? "virtio"].flatMap((device) => ["-device", device]),
  ];
  for (const [i, { image, serial, removable }] of (machine.moreDisks ?? []).entries()) {
    argv.push("-drive", drive(machine, image, `disk${i}`));
    if (removable) argv.push("-device", `qemu-xhci,id=port${i}`);
    const kind = removable ? `usb-storage,bus=port${i}.0,removable=on` : "virtio-blk-pci";
    argv.push("-device", `${kind},drive=disk${i},serial=${optionValue(serial)}`);
  }
  if (machine.firmware.kind === "uefi") argv.push("-bios", machine.firmware.file);
  if (machine.firmware.kind === "secure-boot") {
    argv.push(...flash(machine.arch, machine.firmware.code, machine.firmware.variables));
  }
  if (machine.network.kind !== "none") {
    const { network } = machine;
    const mac = network.kind === "tap" && network.mac !== undefined ? `,mac=${network.mac}` : "";
    const card = CARDS[machine.card ?? "virtio"];
    argv.push("-netdev", netdev(network));
    argv.push("-device", `${card},netdev=net,romfile=${mac}`);
    if (network.kind === "tap" && network.uplink !== undefined) {
      argv.push("-netdev", tap("uplink", network.uplink));
      argv.push("-device", `${card},netdev=uplink,romfile=`);
    }
  }
  const { serial } = machine;
  // signal=off: Ctrl-C belongs to the guest's shell; Ctrl-A X ends QEMU.
  if (serial.kind === "stdio") {
    argv.push("-chardev", "stdio,id=serial,mux=on,signal=off", "-mon", "serial");
  } else argv.push("-chardev", `file,id=serial,path=${optionValue(serial.path)}`);
  argv.push("-serial", "chardev:serial");
  if (machine.statusFile !== undefined) {
    argv.push("-chardev", `file,id=status,path=${optionValue(machine.statusFile)}`);
    argv.push("-serial", "chardev:status");
  }
  return argv;
}

/**
 * Flash for a firmware and its variables. On a PC the firmware alone writes it, from system management
 * mode, which keeps a system from changing the keys; it bears no suspending to memory with that
 * (OvmfPkg/README, "SMM support"). QEMU's Arm machine has nothing of the kind.
 */
function flash(arch: MachineArch, code: string, variables: string): string[] {
  const drive = (file: string, unit: number, options: string) => [
    "-drive",
    `if=pflash,unit=${unit},format=raw,file=${optionValue(file)}${options}`,
  ];
  return [
    ...arch === "x86_64"
      ? [
        ...["-machine", "smm=on"],
        ...["-global", "driver=cfi.pflash01,property=secure,value=on"],
        ...["-global", "ICH9-LPC.disable_s3=1"],
      ]
      : [],
    ...drive(code, 0, ",readonly=on"),
    ...drive(variables, 1, ""),
  ];
}

/** The status that a guest wrote last: a line with a number from 0 to 255; else undefined. */
export function guestStatus(written: string): number | undefined {
  const last = written.trim().split(/\s+/).at(-1) ?? "";
  return /^[0-9]{1,3}$/.test(last) && Number(last) <= 255 ? Number(last) : undefined;
}

function drive({ snapshot }: MachineSpec, image: string, id: string): string {
  const file = optionValue(image);
  return `file=${file},format=raw,if=none,id=${id},snapshot=${snapshot ? "on" : "off"}`;
}

/** Of a disk that is changed. */
function loggedDrive(image: string, log: string): string {
  const file = (name: string, path: string) =>
    `${name}.driver=file,${name}.filename=${optionValue(path)}`;
  return `driver=blklogwrites,${file("file", image)},${file("log", log)},if=none,id=disk`;
}

function netdev(network: Exclude<MachineSpec["network"], { kind: "none" }>): string {
  if (network.kind === "tap") return tap("net", network.interface);
  const { lan } = network;
  const guest = lan?.guest ?? "";
  const place = lan ? `,net=${lan.network},host=${lan.host}` : "";
  const forwards = network.forwards.map((f) =>
    `,hostfwd=tcp:127.0.0.1:${f.host}-${guest}:${f.guest}`
  );
  return `user,id=net,restrict=on${place}${forwards.join("")}`;
}

function tap(id: string, name: string): string {
  return `tap,id=${id},ifname=${optionValue(name)},script=no,downscript=no`;
}

/** QEMU splits option lists at commas; a doubled one stands for itself. */
function optionValue(text: string): string {
  return text.replaceAll(",", ",,");
}
