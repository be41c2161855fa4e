import type { Arch } from "../brand.ts";
import type { Role } from "./roles.ts";

/** Kernel settings (Linux, Documentation/admin-guide/sysctl and networking/ip-sysctl). */
const EVERYWHERE: readonly (readonly [key: string, value: string])[] = [
  ["dev.tty.ldisc_autoload", "0"],
  ["fs.protected_fifos", "2"],
  ["fs.protected_hardlinks", "1"],
  ["fs.protected_regular", "2"],
  ["fs.protected_symlinks", "1"],
  ["kernel.dmesg_restrict", "1"],
  ["kernel.kptr_restrict", "2"],
  ["kernel.perf_event_paranoid", "3"],
  ["kernel.printk", "3 3 3 3"],
  ["kernel.sysrq", "0"],
  ["kernel.unprivileged_bpf_disabled", "1"],
  ["net.ipv4.icmp_echo_ignore_all", "1"],
  ["net.ipv4.tcp_dsack", "0"],
  ["net.ipv4.tcp_rfc1337", "1"],
  ["net.ipv4.tcp_sack", "0"],
  ["net.ipv4.tcp_syncookies", "1"],
];

/** For `all`, and for interfaces that come later: either alone leaves some out. */
const EVERY_INTERFACE: readonly (readonly [key: string, value: string])[] = [
  ["ipv4.conf.%.accept_redirects", "0"],
  ["ipv4.conf.%.accept_source_route", "0"],
  // An address is answered for on its own interface only.
  ["ipv4.conf.%.arp_announce", "2"],
  ["ipv4.conf.%.arp_ignore", "1"],
  ["ipv4.conf.%.route_localnet", "0"],
  ["ipv4.conf.%.rp_filter", "1"],
  ["ipv4.conf.%.secure_redirects", "0"],
  ["ipv4.conf.%.send_redirects", "0"],
  ["ipv6.conf.%.accept_ra", "0"],
  ["ipv6.conf.%.accept_redirects", "0"],
  ["ipv6.conf.%.accept_source_route", "0"],
  ["ipv6.conf.%.disable_ipv6", "1"],
  ["ipv6.conf.%.forwarding", "0"],
];

const THIN_CLIENT: readonly (readonly [key: string, value: string])[] = [
  ["kernel.kexec_load_disabled", "1"],
  ["kernel.yama.ptrace_scope", "2"],
  ["net.core.bpf_jit_harden", "2"],
  ["vm.mmap_rnd_bits", "32"],
  ["vm.mmap_rnd_compat_bits", "16"],
];

/**
 * The lines of a sysctl.d file (sysctl.conf(5)) for a role, in the order they must be applied.
 * Writing `ip_forward` resets interface settings to their defaults, so it stands first; `lo`
 * keeps its IPv6 address after all interfaces lost theirs.
 */
export function sysctlsOf(role: Role, arch: Arch | undefined): string[] {
  const perInterface = ["all", "default"].flatMap((place) =>
    EVERY_INTERFACE.map(([key, value]) => [`net.${key.replace("%", place)}`, value] as const)
  );
  const settings = [
    ["net.ipv4.ip_forward", role === "router" ? "1" : "0"],
    ...EVERYWHERE,
    ...perInterface,
    ["net.ipv6.conf.lo.disable_ipv6", "0"],
    // The thin client's values fit x86 alone.
    ...(role === "thinclient" && arch === "x86_64" ? THIN_CLIENT : []),
  ] as const;
  return settings.map(([key, value]) => `${key} = ${value}`);
}
