import { ARM_UEFI_FILES, OVMF_FILES } from "../../lib/qemu/machine.ts";

/** How a tool is recognised, and what brings it. */
interface Tool {
  /** Programs or absolute paths; one of them is enough. */
  readonly places: readonly string[];
  /** Packages of Debian and of Alpine. */
  readonly apt: string;
  readonly apk: string;
}

const TOOLS = {
  "bmaptool": { places: ["bmaptool"], apt: "bmap-tools", apk: "bmap-tools" },
  "binutils": { places: ["objdump"], apt: "binutils", apk: "binutils" },
  "cpio": { places: ["cpio"], apt: "cpio", apk: "cpio" },
  "depmod": { places: ["depmod"], apt: "kmod", apk: "kmod" },
  "dpkg-deb": { places: ["dpkg-deb"], apt: "dpkg", apk: "dpkg" },
  "efitools": { places: ["sign-efi-sig-list"], apt: "efitools", apk: "efitools" },
  "fsck.ext4": { places: ["fsck.ext4"], apt: "e2fsprogs", apk: "e2fsprogs" },
  "fsck.fat": { places: ["fsck.fat"], apt: "dosfstools", apk: "dosfstools" },
  "fish": { places: ["fish"], apt: "fish", apk: "fish" },
  "gcc": { places: ["gcc"], apt: "gcc", apk: "gcc" },
  "gcc-aarch64": {
    places: ["aarch64-linux-gnu-gcc"],
    apt: "gcc-aarch64-linux-gnu",
    apk: "gcc-aarch64-none-elf",
  },
  "getfattr": { places: ["getfattr"], apt: "attr", apk: "attr" },
  "hyperfine": { places: ["hyperfine"], apt: "hyperfine", apk: "hyperfine" },
  "ip": { places: ["ip"], apt: "iproute2", apk: "iproute2" },
  "iptables": { places: ["iptables"], apt: "iptables", apk: "iptables" },
  "mtools": { places: ["mdir"], apt: "mtools", apk: "mtools" },
  "openssl": { places: ["openssl"], apt: "openssl", apk: "openssl" },
  "ovmf": {
    places: OVMF_FILES,
    apt: "ovmf",
    apk: "ovmf",
  },
  "ping": { places: ["ping"], apt: "iputils-ping", apk: "iputils-ping" },
  "qemu": { places: ["qemu-system-x86_64"], apt: "qemu-system-x86", apk: "qemu-system-x86_64" },
  "qemu-aarch64": {
    places: ["qemu-system-aarch64"],
    apt: "qemu-system-arm",
    apk: "qemu-system-aarch64",
  },
  "qemu-user": {
    places: ["qemu-aarch64-static", "qemu-aarch64"],
    apt: "qemu-user-static",
    apk: "qemu-aarch64",
  },
  "qemu-efi-aarch64": { places: ARM_UEFI_FILES, apt: "qemu-efi-aarch64", apk: "aavmf" },
  "sbverify": { places: ["sbverify"], apt: "sbsigntool", apk: "sbsigntool" },
  "sfdisk": { places: ["sfdisk"], apt: "fdisk", apk: "sfdisk" },
  "sgdisk": { places: ["sgdisk"], apt: "gdisk", apk: "sgdisk" },
  "setfacl": { places: ["setfacl"], apt: "acl", apk: "acl" },
  "shellcheck": { places: ["shellcheck"], apt: "shellcheck", apk: "shellcheck" },
  "ssh": { places: ["ssh"], apt: "openssh-client", apk: "openssh-client-default" },
  "sshd": { places: ["/usr/sbin/sshd"], apt: "openssh-server", apk: "openssh-server" },
  "ssh-keygen": { places: ["ssh-keygen"], apt: "openssh-client", apk: "openssh-keygen" },
  "squashfs-tools": { places: ["mksquashfs"], apt: "squashfs-tools", apk: "squashfs-tools" },
  "strace": { places: ["strace"], apt: "strace", apk: "strace" },
  "syslinux": { places: ["syslinux"], apt: "syslinux", apk: "syslinux" },
  "veritysetup": { places: ["veritysetup"], apt: "cryptsetup-bin", apk: "cryptsetup" },
  "xorriso": { places: ["xorriso"], apt: "xorriso", apk: "xorriso" },
  "xz": { places: ["xz"], apt: "xz-utils", apk: "xz" },
  "zsh": { places: ["zsh"], apt: "zsh", apk: "zsh" },
  "zip": { places: ["zip"], apt: "zip", apk: "zip" },
  "zstd": { places: ["zstd"], apt: "zstd", apk: "zstd" },
  "7z": { places: ["7z"], apt: "p7zip-full", apk: "7zip" },
  "isoinfo": { places: ["isoinfo"], apt: "genisoimage", apk: "cdrkit" },
  "unshare": { places: ["unshare"], apt: "util-linux", apk: "util-linux-misc" },
} as const satisfies Readonly<Record<string, Tool>>;

/** A tool that tasks and tests may need. */
export type ToolName = keyof typeof TOOLS;

export const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/** The package managers that are known here. */
export type Packager = "apt" | "apk";

/** The tools of a list that a machine lacks. */
export function absentTools(
  needs: readonly ToolName[],
  isThere: (place: string) => boolean,
): ToolName[] {
  return [...new Set(needs)].filter((name) => !TOOLS[name].places.some(isThere));
}

/** The command line that installs tools: one package each, no more than once. */
export function installCommand(
  packager: Packager,
  tools: readonly ToolName[],
): [string, ...string[]] {
  const packages = [...new Set(tools.map((name) => TOOLS[name][packager]))].sort();
  return packager === "apt"
    ? ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages]
    : ["apk", "add", "--quiet", ...packages];
}
