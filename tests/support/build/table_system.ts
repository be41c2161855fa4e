import { enrolmentFiles } from "../../../lib/secure_boot/enrolment.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { zipFile } from "../format/zip_file.ts";
import { SIGNER, STRANGER } from "../format/signed_pe.ts";
import { EFI, FLAVOUR, LOADERS, noise, TABLE_ARCHES, type TableArch } from "./table_packages.ts";

/** The folder of its overlay: text by path. */
export const TABLE_OVERLAY: Readonly<Record<string, string>> = {
  "etc/motd": "welcome\n",
  "usr/local/bin/greet": "#!/bin/sh\necho welcome\n",
};

/** The folder of its Secure Boot keys, what all may see of it: bytes by name. */
export const TABLE_KEYS: ReadonlyMap<string, Uint8Array> = enrolmentFiles(
  { PK: STRANGER.key, KEK: STRANGER.key, db: SIGNER.key },
  {
    ...{ name: "Table", notBefore: 1_704_067_200, notAfter: 2_524_607_999 },
    ...{ timestamp: 1_704_067_200, moreOfDb: [] },
  },
);

/** Files beside its manifest that are sources: no byte of them is from a library. */
export const TABLE_FILES: Readonly<Record<string, Uint8Array>> = {
  "tool.zip": zipFile([
    { name: "tool-1/", method: 0, mode: 0o040700 },
    { name: "tool-1/run", method: 0, mode: 0o100755, text: "#!/bin/sh\n" },
    { name: "tool-1/link", method: 0, mode: 0o120777, text: "run" },
    { name: "other", method: 0, text: "not taken" },
  ]),
  "blob": noise(5000),
};

const archive = (file: string, format: string) => ({
  ...{ kind: "archive", file, format },
  sha256: hexOf(digestOf(TABLE_FILES[file]!)),
});
const stagesOf = (arch: TableArch) => {
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
      parts: ["slots"],
    },
    {
      ...{ ...initramfs, path: "/boot/initramfs.cpio", compression: "none" },
      ...{ parts: ["verity"], emergencyShell: true },
    },
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

const disk = (arch: TableArch, file: string, rest: object) => ({
  ...{ kind: "disk", arches: [arch], file, flavour: FLAVOUR[arch], initramfs: "/boot/initramfs" },
  ...{ boot: { free: "1MiB" }, root: { free: "4MiB" }, cmdline: "console=ttyS0 quiet", ...rest },
});

/** A disk with every kind of content, and a boot partition that is not the first. */
const listed = (arch: TableArch, file: string, rest: object) => ({
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
    { name: "hashes", type: "linux", content: { kind: "verity", of: "etc" }, free: "4KiB" },
    {
      ...{ name: "etc", type: "linux", size: "1MiB", flags: ["read-only"] },
      content: { kind: "squashfs", folder: "/etc" },
    },
    { name: "swap", type: "swap", content: { kind: "empty" }, size: "1MiB" },
    {
      ...{ name: "of-a-type", type: "0fc63daf-8483-4772-8e79-3d69d8477de4" },
      ...{ content: { kind: "raw", file: "/etc/hostname" }, size: "64KiB" },
    },
  ],
  cmdline:
    "data=UUID={uuid:data} share={uuid:share} swap=PARTUUID={partuuid:swap} etc={roothash:hashes}",
});

const iso = (arch: TableArch, file: string, rest: object) => ({
  ...{ kind: "iso", arches: [arch], file, label: "TABLE", flavour: FLAVOUR[arch] },
  ...{ initramfs: "/boot/initramfs", cmdline: "console=ttyS0 quiet", ...rest },
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
  {
    ...{ kind: "disk", tree: "sealed", file: "sealed.img", table: "gpt", compression: "gzip" },
    loaders: ["systemd-boot"],
    partitions: [
      { name: "esp", type: "esp", content: { kind: "fat", folder: "/boot" }, free: "1MiB" },
      ...["squashfs", "verity"].map((suffix) => ({
        ...{ name: suffix, type: "linux" },
        content: { kind: "raw", file: `/sealed/root.${suffix}` },
      })),
    ],
  },
  iso("x86_64", "both.iso", { loaders: ["isolinux", "systemd-boot"] }),
  iso("aarch64", "uefi-{version}.iso", { loaders: ["systemd-boot"], compression: "zstd" }),
  { kind: "tar", file: "all.tar" },
  { kind: "tar", file: "all.tar.gz", compression: "gzip" },
  { kind: "cpio", file: "all.cpio", compression: "none" },
  { kind: "cpio", file: "all.cpio.gz", compression: "gzip" },
  { kind: "tar", file: "more.tar", tree: "more" },
  { kind: "tar", file: "plus.tar", tree: "plus" },
  { kind: "tar", file: "alone.tar", tree: "alone" },
  { kind: "tar", file: "slots.tar", tree: "slots" },
  { kind: "file", file: "name-{version}", path: "/etc/hostname" },
  { kind: "cpio", file: "boot.cpio", folder: "/boot" },
  { kind: "fat", file: "boot.fat", folder: "/boot", label: "SLOT", free: "2MiB" },
  { kind: "squashfs", file: "all.squashfs" },
  { kind: "squashfs", file: "large.squashfs", level: 3, blockSize: "1MiB" },
  { kind: "squashfs", file: "gzip.squashfs", compression: "gzip", folder: "/etc" },
  { kind: "squashfs", file: "none.squashfs", compression: "none" },
];

/** A public key whose private one nobody has. */
const TABLE_SIGNER = `ssh-ed25519 ${
  new Uint8Array([
    ...Uint8Array.fromBase64("AAAAC3NzaC1lZDI1NTE5AAAAIA=="),
    ...Array(32).fill(7),
  ]).toBase64()
} ann@example.org`;

const TREES: Readonly<Record<string, Part & { readonly stages?: readonly Part[] }>> = {
  more: {
    from: "root",
    stages: [
      { kind: "files", files: [{ path: "/etc/hostname", contents: "more\n" }] },
      {
        ...{ kind: "embed", into: "/srv/embedded", mode: "0600", uid: 5, gid: 6 },
        output: { kind: "tar", tree: "part", file: "part-{version}.tar.gz", compression: "gzip" },
      },
      {
        ...{ kind: "embed", arches: ["x86_64"] },
        output: {
          ...disk("x86_64", "inner.img", { table: "gpt", loaders: ["syslinux"] }),
          arches: undefined,
        },
      },
    ],
  },
  sealed: {
    from: "root",
    stages: [
      {
        kind: "embed",
        into: "/sealed",
        output: { kind: "squashfs", tree: "more", file: "root.squashfs" },
      },
      { kind: "verity", data: "/sealed/root.squashfs", path: "/sealed/root.verity" },
      ...TABLE_ARCHES.map((arch) => ({
        ...{ kind: "uki", arches: [arch], path: "/boot/EFI/Linux/sealed.efi" },
        ...{ flavour: FLAVOUR[arch], initramfs: "/boot/initramfs" },
        cmdline: "roothash={roothash:/sealed/root.verity}",
      })),
    ],
  },
  part: { stages: [{ kind: "files", files: [{ path: "/part", contents: "part\n" }] }] },
  plus: { difference: { from: "root", to: "more" } },
  alone: { stages: [{ kind: "packages", world: ["alpine-base"] }] },
  slots: {
    stages: [
      { kind: "packages", world: ["openssh-keygen"] },
      {
        ...{ kind: "slots", loader: "counter", signers: [TABLE_SIGNER], tries: 2, deadline: 60 },
        ...{
          parts: { root: "root.squashfs", verity: "root.verity" },
          watchdog: { module: "softdog" },
        },
      },
    ],
  },
};

/** A disk that a program of the machine compresses; the other architecture must have an output too. */
export const XZ_OUTPUTS: readonly Part[] = [
  disk("x86_64", "mbr.img", { table: "mbr", loaders: ["syslinux"], compression: "xz" }),
  { kind: "tar", file: "all.tar", arches: ["aarch64"] },
];

/** Another system, of which the table's takes what it makes: `part.yaml` beside its manifest. */
export function partManifest(repository: string) {
  return {
    ...{ name: "part", arches: TABLE_ARCHES, repositories: [repository] },
    stages: [{ kind: "packages", world: ["systemd-boot"] }],
    outputs: [{ kind: "cpio", file: "part.cpio", compression: "none" }],
  };
}

/** The manifest over a repository and an overlay folder, each of which holds the above, and `keys`. */
export function tableManifest(repository: string, overlay: string, outputs = OUTPUTS) {
  return {
    ...{ name: "table", version: "1.2", arches: TABLE_ARCHES, repositories: [repository] },
    sources: {
      blob: archive("blob", "raw"),
      part: { kind: "build", system: "part.yaml", file: "part.cpio" },
      tool: archive("tool.zip", "zip"),
    },
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
            authorizedKeys: [TABLE_SIGNER],
          },
        ],
      },
      { kind: "unpack", source: "tool", folder: "tool-1", path: "/opt/tool" },
      { kind: "unpack", source: "blob", path: "/etc/motd", mode: "0600", replace: true },
      { kind: "unpack", source: "part", path: "/srv/part.cpio" },
      { kind: "services", runlevels: { boot: ["hostname"], default: ["sshd"] } },
      ...TABLE_ARCHES.flatMap(stagesOf),
    ],
    ...(outputs === OUTPUTS ? { trees: TREES } : {}),
    outputs,
  };
}
