import type { Arch } from "../../../lib/brand.ts";
import { enrolmentFiles } from "../../../lib/secure_boot/enrolment.ts";
import { moduleFile } from "../format/elf_file.ts";
import { peFile } from "../format/pe_file.ts";
import { signedPe, SIGNER, STRANGER } from "../format/signed_pe.ts";
import { installer } from "../format/syslinux_installer.ts";
import { ODDITIES } from "./full_system.ts";
import type { PackagedFile, PackageSpec } from "./lab_repository.ts";

/** Architectures that the system is for. */
export const TABLE_ARCHES = ["x86_64", "aarch64"] as const satisfies readonly Arch[];

/** The folder of its overlay: text by path. */
export const TABLE_OVERLAY: Readonly<Record<string, string>> = {
  "etc/motd": "welcome\n",
  "usr/local/bin/greet": "#!/bin/sh\necho welcome\n",
};

/** Names in busybox: what an initramfs needs, and a few of which it is glad. */
const APPLETS = "cat dd dmesg find findfs hexdump ls mkdir modprobe mount readlink reboot sed sh " +
  "sleep sort switch_root tr umount usleep vi xargs";

/** The folder of its Secure Boot keys, what all may see of it: bytes by name. */
export const TABLE_KEYS: ReadonlyMap<string, Uint8Array> = enrolmentFiles(
  { PK: STRANGER.key, KEK: STRANGER.key, db: SIGNER.key },
  {
    ...{ name: "Table", notBefore: 1_704_067_200, notAfter: 2_524_607_999 },
    ...{ timestamp: 1_704_067_200, moreOfDb: [] },
  },
);

const program = (text: string | Uint8Array): PackagedFile => ({ text, mode: 0o755 });
const SERVICE = program("#!/sbin/openrc-run\n");
const FLAVOUR = { x86_64: "virt", aarch64: "rpi" } as const;
const EFI = { x86_64: "x64", aarch64: "aa64" } as const;
const MACHINE = { x86_64: 0x8664, aarch64: 0xaa64 } as const;

/** Bytes of which no compression makes little, the same everywhere (a linear congruence). */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** A program of EFI with symbols, which a unified image is without. */
function efiProgram(arch: typeof TABLE_ARCHES[number]): Uint8Array {
  return peFile({ machine: MACHINE[arch], trailer: new Uint8Array(100).fill(7) });
}

function kernel(arch: typeof TABLE_ARCHES[number]): PackageSpec {
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

const LOADERS = {
  x86_64: {
    name: "syslinux",
    files: {
      "etc/update-extlinux.conf": "overwrite=1\n",
      "sbin/extlinux": program(installer()),
      "sbin/update-extlinux": program("#!/bin/sh\n"),
      "usr/share/syslinux/gptmbr.bin": "code of a GPT",
      "usr/share/syslinux/ldlinux.c32": "module",
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
} as const satisfies Readonly<Record<typeof TABLE_ARCHES[number], PackageSpec>>;

/** The packages of the system: no byte of them is from anywhere but here. */
export function tablePackages(arch: typeof TABLE_ARCHES[number]): readonly PackageSpec[] {
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
    kernel(arch),
    LOADERS[arch],
  ];
}

const stagesOf = (arch: typeof TABLE_ARCHES[number]) => {
  const flavour = FLAVOUR[arch];
  const own = { arches: [arch], flavour };
  const initramfs = { kind: "initramfs", ...own, modules: ["ext4"] };
  return [
    { kind: "packages", arches: [arch], world: [`linux-${flavour}`, LOADERS[arch].name] },
    { kind: "kernel", ...own },
    { ...initramfs, path: "/boot/initramfs", parts: ["unlock"] },
    {
      ...initramfs,
      path: "/boot/initramfs.gz",
      compression: "gzip",
      emergencyShell: true,
      files: ["/usr/local/bin/greet"],
    },
    { ...initramfs, path: "/boot/initramfs.cpio", compression: "none" },
    {
      ...{ kind: "uki", ...own, path: "/boot/EFI/Linux/system.efi" },
      ...{ initramfs: "/boot/initramfs", cmdline: "root=LABEL=system quiet" },
    },
    {
      ...{ kind: "secure-boot", arches: [arch], keys: "keys", enroll: true },
      sign: [
        `/usr/lib/systemd/boot/efi/systemd-boot${EFI[arch]}.efi`,
        "/boot/EFI/Linux/system.efi",
      ],
    },
  ];
};

const disk = (arch: typeof TABLE_ARCHES[number], file: string, rest: object) => ({
  ...{ kind: "disk", arches: [arch], file, flavour: FLAVOUR[arch], initramfs: "/boot/initramfs" },
  ...{ boot: { free: "1MiB" }, root: { free: "4MiB" }, cmdline: "console=ttyS0 quiet", ...rest },
});

/** A disk with every kind of content, and a boot partition that is not the first. */
const listed = (arch: typeof TABLE_ARCHES[number], file: string, rest: object) => ({
  ...disk(arch, file, { boot: undefined, root: undefined, ...rest }),
  partitions: [
    { name: "blob", type: "linux", content: { kind: "raw", base64: "AAECAwQ=" }, free: "8KiB" },
    {
      ...{ name: "esp", type: "esp", size: "64MiB", flags: ["required"] },
      content: { kind: "fat", folder: "/boot", label: "SYSTEM" },
    },
    {
      ...{ name: "root", type: "root", free: "2MiB", align: "4MiB", flags: ["grow"] },
      content: { kind: "ext4", folder: "/" },
    },
    { name: "srv", type: "linux", content: { kind: "ext4", folder: "/srv" }, free: "1MiB" },
    { name: "data", type: "linux", content: { kind: "ext4" }, size: "16MiB", flags: ["no-auto"] },
    { name: "share", type: "data", content: { kind: "fat", label: "SHARED" }, free: "1MiB" },
    { name: "swap", type: "swap", content: { kind: "empty" }, size: "1MiB" },
    {
      ...{ name: "of-a-type", type: "0fc63daf-8483-4772-8e79-3d69d8477de4" },
      ...{ content: { kind: "raw", file: "/etc/hostname" }, size: "64KiB" },
    },
  ],
  cmdline: "data=UUID={uuid:data} share={uuid:share} swap=PARTUUID={partuuid:swap}",
});

/** A stage or output as a manifest has it. */
type Part = Readonly<Record<string, unknown>>;

const OUTPUTS: readonly Part[] = [
  disk("x86_64", "mbr.img", { table: "mbr", loaders: ["syslinux"] }),
  disk("x86_64", "gpt.img", { table: "gpt", loaders: ["syslinux"], compression: "gzip" }),
  disk("x86_64", "both.img", {
    ...{ table: "gpt", loaders: ["syslinux", "systemd-boot"], compression: "zstd" },
    root: { label: "system", size: "160MiB" },
  }),
  disk("aarch64", "uefi-{version}-{timestamp}.img", {
    ...{ table: "gpt", loaders: ["systemd-boot"], compression: "zstd" },
    boot: { label: "EFI", size: "64MiB" },
  }),
  disk("aarch64", "pi.img", { table: "mbr", loaders: ["raspberrypi"] }),
  listed("x86_64", "listed.img", { table: "gpt", loaders: ["syslinux", "systemd-boot"] }),
  listed("aarch64", "listed.img", { table: "gpt", loaders: ["systemd-boot"] }),
  {
    ...{ kind: "disk", file: "data.img", table: "mbr", compression: "gzip" },
    partitions: [
      { name: "first", type: "data", content: { kind: "fat" }, free: "3MiB" },
      { name: "second", type: "0x82", content: { kind: "empty" }, size: "1MiB", flags: ["boot"] },
      { name: "third", type: "linux", content: { kind: "raw", file: "/etc/hostname" } },
      { name: "fourth", type: "linux", content: { kind: "ext4", folder: "/srv" }, size: "9MiB" },
    ],
  },
  { kind: "tar", file: "all.tar" },
  { kind: "tar", file: "all.tar.gz", compression: "gzip" },
  { kind: "cpio", file: "all.cpio", compression: "none" },
  { kind: "cpio", file: "all.cpio.gz", compression: "gzip" },
  { kind: "tar", file: "more.tar", tree: "more" },
  { kind: "tar", file: "plus.tar", tree: "plus" },
  { kind: "cpio", file: "boot.cpio", folder: "/boot" },
];

const TREES = {
  more: {
    from: "root",
    stages: [{ kind: "files", files: [{ path: "/etc/hostname", contents: "more\n" }] }],
  },
  plus: { difference: { from: "root", to: "more" } },
};

/** A disk that a program of the machine compresses; the other architecture must have an output too. */
export const XZ_OUTPUTS: readonly Part[] = [
  disk("x86_64", "mbr.img", { table: "mbr", loaders: ["syslinux"], compression: "xz" }),
  { kind: "tar", file: "all.tar", arches: ["aarch64"] },
];

/** The manifest over a repository and an overlay folder, each of which holds the above, and `keys`. */
export function tableManifest(repository: string, overlay: string, outputs = OUTPUTS) {
  const key = `ssh-ed25519 ${
    new Uint8Array([
      ...Uint8Array.fromBase64("AAAAC3NzaC1lZDI1NTE5AAAAIA=="),
      ...Array(32).fill(7),
    ]).toBase64()
  } ann@example.org`;
  return {
    ...{ name: "table", version: "1.2", arches: TABLE_ARCHES, repositories: [repository] },
    stages: [
      {
        kind: "packages",
        world: ["alpine-base", "oddities", "decided", ["systemd-boot", "gummiboot"]],
        optional: ["absent"],
        scripts: [
          { package: "decided", script: "post-install", do: "first-boot", reason: "it is late" },
          { package: "decided", script: "trigger", do: "skip", reason: "nothing is lost" },
        ],
      },
      {
        kind: "files",
        overlay,
        files: [
          { path: "/etc/hostname", contents: "table\n" },
          { path: "/etc/secret", contents: "none\n", mode: "0600", uid: 7, gid: 8 },
          { path: "/etc/localtime", symlink: "/usr/share/zoneinfo/UTC" },
          { path: "/srv/data", directory: true, mode: "2770", gid: 10 },
        ],
        remove: ["/etc/surplus"],
      },
      {
        kind: "accounts",
        groups: [{ name: "staff" }, { name: "lab", gid: 1500 }],
        users: [
          { name: "root", shell: "/bin/sh", password: "none" },
          {
            ...{ name: "ann", uid: 1200, group: "staff", groups: ["lab", "wheel"] },
            ...{ home: "/srv/ann", shell: "/bin/sh", comment: "Ann", password: "$6$a$b" },
            authorizedKeys: [key],
          },
        ],
      },
      { kind: "services", runlevels: { boot: ["hostname"], default: ["sshd"] } },
      ...TABLE_ARCHES.flatMap(stagesOf),
    ],
    ...(outputs === OUTPUTS ? { trees: TREES } : {}),
    outputs,
  };
}
